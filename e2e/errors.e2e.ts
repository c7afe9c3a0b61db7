import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from './product/process.ts'
import type { Key } from './product/world.ts'
import { openWorld, type World } from './product.ts'
import { expectRefusal } from './refusal.ts'

let world: World

beforeAll(async () => {
  world = await openWorld({ env: { AIC_MAX_BODY_BYTES: String(1024 * 1024) } })
})
afterAll(() => world.close())
beforeEach(() => world.fake.ledger.clear())

const reached = () => world.fake.ledger.counts().requests
const chat = (directive = '', more: object = {}) => ({
  model: 'fake-gpt',
  messages: [{ role: 'user', content: 'one two three' }],
  metadata: { fake: directive },
  ...more,
})

function send(body: string, headers: Record<string, string> = {}, path = ''): Promise<Response> {
  const always = { authorization: `Bearer ${world.key.secret}`, 'content-type': 'application/json' }
  return fetch(`${world.product.url}/work${path}`, { method: 'POST', headers: { ...always, ...headers }, body })
}

type BadBody = readonly [name: string, body: string, code: string | readonly string[], param: string | null]

const bodies: readonly BadBody[] = [
  ['nothing', '', ['invalid_json', 'invalid_body'], null],
  ['half an object', '{"model": "fake-gpt", "messages": [', 'invalid_json', null],
  ['text after the object', '{"model":"fake-gpt","messages":[]} trailing', 'invalid_json', null],
  ['single quotes', "{'model': 'fake-gpt'}", 'invalid_json', null],
  ['a list', '[1, 2]', ['invalid_body', 'invalid_json'], null],
  ['a string', '"model"', ['invalid_body', 'invalid_json'], null],
  ['no model', '{"messages": []}', ['invalid_body', 'invalid_parameter'], 'model'],
  ['a number for a model', '{"model": 4, "messages": []}', ['invalid_body', 'invalid_parameter'], 'model'],
  [
    'an empty model',
    '{"model": "", "messages": []}',
    ['invalid_body', 'invalid_parameter', 'model_not_available'],
    'model',
  ],
  ['two models', '{"model":"fake-gpt","model":"gpt-4","messages":[]}', 'duplicate_key', 'model'],
  ['two models, one escaped', '{"model":"fake-gpt","mod\\u0065l":"gpt-4","messages":[]}', 'duplicate_key', 'model'],
  ['two streams', '{"model":"fake-gpt","stream":false,"stream":true,"messages":[]}', 'duplicate_key', 'stream'],
  [
    'a word for stream',
    '{"model":"fake-gpt","stream":"yes","messages":[]}',
    ['invalid_parameter', 'invalid_body'],
    'stream',
  ],
  [
    'an address of its own',
    '{"model":"fake-gpt","api_base":"http://evil.example","messages":[]}',
    'invalid_parameter',
    'api_base',
  ],
  ['another', '{"model":"fake-gpt","base_url":"http://evil.example","messages":[]}', 'invalid_parameter', 'base_url'],
  [
    '100,000 levels',
    `{"model":"fake-gpt","messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ['body_too_complex', 'invalid_json'],
    null,
  ],
  ['a million braces', `{"model":"fake-gpt","messages":[${'{},'.repeat(300_000)}{}]}`, 'body_too_complex', null],
]

describe('a body the gateway cannot accept', () => {
  test.each(bodies)('%s', async (_name, body, code, param) => {
    const refused = await expectRefusal(await send(body), 400, code)
    if (param !== null) expect(refused.error.param).toBe(param)
    expect(reached()).toBe(0)
  })

  test('too large is 413, announced or not', async () => {
    const large = JSON.stringify(chat('', { padding: 'x'.repeat(1024 * 1024) }))
    await expectRefusal(await send(large), 413, 'request_too_large')
    expect(reached()).toBe(0)
  })

  test('another content type or a compressed body is 415', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
      await expectRefusal(await send('{}', { 'content-type': type }), 415, 'unsupported_media_type')
    }
    await expectRefusal(await send('{}', { 'content-encoding': 'gzip' }), 415, 'unsupported_media_type')
  })
})

describe('a credential the gateway cannot accept', () => {
  const unknown = [
    ['none', ''],
    ['another scheme', 'Basic YTpi'],
    ['no token', 'Bearer '],
    ['too short', 'Bearer aic_abc'],
    ['a wrong checksum', `Bearer aic_${'a'.repeat(50)}`],
    ['a personal access token', `Bearer aicp_${'a'.repeat(50)}`],
    ['a provider’s own form', 'Bearer sk-proj-abcdef'],
  ] as const

  test.each(unknown)('%s is 401, in the same words', async (_name, authorization) => {
    const refused = await expectRefusal(await send('not even json', { authorization }), 401, 'invalid_api_key')
    const reference = await expectRefusal(await send('{}', { authorization: 'Bearer x' }), 401, 'invalid_api_key')
    expect(refused.error).toEqual(reference.error)
  })

  async function refusedAs(key: Key, code: string): Promise<void> {
    await expectRefusal(await key.post(chat()), 401, code)
    // One character of the secret changed: the checksum fails, and nothing may show that the key exists.
    const last = key.secret.endsWith('a') ? 'b' : 'a'
    const guess = { authorization: `Bearer ${key.secret.slice(0, -1)}${last}` }
    await expectRefusal(await send(JSON.stringify(chat()), guess), 401, 'invalid_api_key')
    expect(reached()).toBe(0)
  }

  test('an expired key, a deleted key, and a restored one', async () => {
    const expired = await world.admin.key(world.provider)
    await expired.expire()
    await refusedAs(expired, 'key_expired')
    const deleted = await world.admin.key(world.provider)
    await deleted.delete()
    await refusedAs(deleted, 'key_deleted')
    await deleted.restore()
    expect((await deleted.post(chat())).status).toBe(200)
  })

  test('a key whose provider or owner is disabled', async () => {
    const provider = await world.admin.provider(world.fake)
    const owner = await world.admin.user('disabled-owner')
    const key = await world.admin.key(provider)
    const owned = await owner.key(world.provider)
    await world.admin.api.mutate('updateProvider', { id: provider.id, enabled: false }, 'provider { id }')
    await world.admin.api.mutate('updateUser', { id: owner.id, active: false }, 'user { id }')
    await refusedAs(key, 'key_disabled')
    await refusedAs(owned, 'key_disabled')
  })

  test('two different credentials, or one in the query string, are 400', async () => {
    const two = await send(JSON.stringify(chat()), { 'x-api-key': `aic_${'b'.repeat(50)}` })
    await expectRefusal(two, 400, 'bad_request')
    for (const name of ['api_key', 'key', 'access_token']) {
      await expectRefusal(await send(JSON.stringify(chat()), {}, `?${name}=${world.key.secret}`), 400, 'bad_request')
    }
    expect(world.product.output()).not.toContain(world.key.secret.slice(17, 40))
  })

  test('the key works in each of the three headers', async () => {
    for (const name of ['x-api-key', 'api-key']) {
      const headers = { [name]: world.key.secret, 'content-type': 'application/json' }
      const response = await fetch(`${world.product.url}/work`, {
        method: 'POST',
        headers,
        body: JSON.stringify(chat()),
      })
      expect(response.status).toBe(200)
    }
  })
})

describe('an address the gateway does not know', () => {
  test.each(['/nope', '/chat', '/chat/completions/extra', '/V1/models', '/v1/v1/models'])('%s is 404', async (path) => {
    await expectRefusal(await send(JSON.stringify(chat()), {}, path), 404, 'not_found')
  })

  test('a model that is not enabled is 404 and the message says so', async () => {
    const refused = await expectRefusal(
      await send(JSON.stringify(chat('', { model: 'secret-model' }))),
      404,
      'model_not_available',
    )
    expect(refused.error.message).toMatch(/not enabled/i)
  })

  test('a wrong method is 405 with Allow', async () => {
    for (const [method, path] of [
      ['GET', '/chat/completions'],
      ['DELETE', ''],
      ['PUT', '/embeddings'],
      ['POST', '/models'],
    ] as const) {
      const headers = { authorization: `Bearer ${world.key.secret}` }
      await expectRefusal(
        await fetch(`${world.product.url}/work${path}`, { method, headers }),
        405,
        'method_not_allowed',
      )
    }
  })
})

describe('a provider that fails', () => {
  const answers: readonly (readonly [directive: string, status: number, code: string | readonly string[]])[] = [
    ['socket=headers', 502, ['upstream_unreachable', 'upstream_invalid_response']],
    ['redirect=http://127.0.0.1:1/elsewhere', 502, 'upstream_invalid_response'],
    ['status=401', 502, 'upstream_auth'],
    ['status=403', 502, 'upstream_auth'],
  ]
  test.each(answers)('%s', async (directive, status, code) => {
    await expectRefusal(await send(JSON.stringify(chat(directive))), status, code)
    expect(reached()).toBeGreaterThan(0)
  })

  test('one nobody listens for is 502, one that does not answer in time 504', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}/v1`
    const gone = await world.admin.key(await world.admin.provider(world.fake, { baseUrl }))
    await expectRefusal(await gone.post(chat()), 502, 'upstream_unreachable')
    const hasty = await world.admin.key(await world.admin.provider(world.fake, { firstByteTimeoutMs: 1000 }))
    await expectRefusal(await hasty.post(chat('stall=headers')), 504, 'upstream_timeout')
    await expect.poll(() => world.fake.ledger.counts().open).toBe(0)
  })

  test('one that breaks in the middle of a stream ends it with an error event and no [DONE]', async () => {
    for (const directive of ['reset=900', 'chunks=2000 reset=50000']) {
      const text = await (await send(JSON.stringify(chat(directive, { stream: true })))).text()
      const last = text.trimEnd().split('\n\n').at(-1) ?? ''
      expect(last).toMatch(/^data: \{"error":\{.*"type":"upstream_error"/)
      expect(text).not.toContain('[DONE]')
    }
  })

  test('one with its own errors is passed through, without cookies, CORS or hop-by-hop headers', async () => {
    for (const status of [400, 404, 409, 429, 500, 503]) {
      const response = await send(JSON.stringify(chat(`status=${status} rude`)))
      expect(response.status).toBe(status)
      expect(response.headers.get('x-aic-source')).toBe('provider')
      const names = ['set-cookie', 'access-control-allow-origin', 'server', 'x-hop', 'proxy-authenticate']
      for (const name of names) expect(response.headers.get(name)).toBeNull()
      await response.arrayBuffer()
    }
  })
})
