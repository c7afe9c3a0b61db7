import { describe, expect, it } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { mintSecret } from '../lib/secret.ts'
import { REFUSALS } from './refusal.ts'
import { sendJson } from './test/provider.ts'
import { sendRaw } from './test/raw.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld({ maxBodyBytes: 20_000 })
const chat = JSON.stringify({ model: 'gpt-4', messages: [] })
const json = { 'content-type': 'application/json' }
const bearer = (key = world.key.text) => ({ authorization: `Bearer ${key}`, ...json })

const post = (path: string, headers: Record<string, string>, body: string | null = chat) =>
  fetch(world.url + path, { method: 'POST', headers, body, redirect: 'manual' })

type ErrorBody = { error: { message: string; type: string; param: string | null; code: string } }

async function expectRefusal(res: Response, status: number, code: string, param: string | null = null) {
  const body: ErrorBody = JSON.parse(await res.text())
  expect([res.status, body.error.code, body.error.param]).toEqual([status, code, param])
  expect(Object.keys(body.error).toSorted()).toEqual(['code', 'message', 'param', 'type'])
  expect(body.error.type).toBe(Object.entries(REFUSALS).find(([name]) => name === code)?.[1][1])
  expect(res.headers.get('content-type')).toMatch(/^application\/json/)
  expect(res.headers.get('cache-control')).toBe('no-store')
  expect(res.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(res.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null)
  if (status === 503) expect(Number(res.headers.get('retry-after'))).toBeGreaterThan(0)
  return body.error
}

const entryOf = async (res: Response) => {
  const id = res.headers.get('x-request-id')
  return (await world.entries()).find((entry) => entry.id === id)
}

describe('401', () => {
  it('invalid_api_key is one answer for no key, a malformed one and an unknown one', async () => {
    const unknown = mintSecret(systemRandom.bytes, 'aic_')
    const wrongSecret = `${world.key.text.slice(0, 30)}${unknown.slice(30)}`
    const tried: Record<string, string>[] = [
      {},
      { authorization: '' },
      { authorization: 'Basic eA==' },
      { authorization: 'Bearer nonsense' },
      { 'x-api-key': unknown },
      { 'api-key': wrongSecret },
      { authorization: `Bearer ${unknown}` },
    ]
    const errors = await Promise.all(
      tried.map(async (headers) => expectRefusal(await post('', { ...json, ...headers }), 401, 'invalid_api_key')),
    )
    expect(new Set(errors.map((error) => JSON.stringify(error))).size).toBe(1)
  })

  it.each([
    ['key_expired', { expiresAt: new Date(Date.now() - 1) }],
    ['key_deleted', { deletedAt: new Date() }],
    ['key_pending', { pending: true }],
  ])('%s says so to whoever has the whole secret, and is recorded', async (code, set) => {
    const key = await world.mintKey(set)
    const res = await post('', bearer(key.text))
    await expectRefusal(res, 401, code)
    expect(await entryOf(res)).toMatchObject({ keyId: key.id, end: 'REFUSED', code, status: 401 })
    const almost = key.text.slice(0, 16) + mintSecret(systemRandom.bytes, 'aic_').slice(16)
    await expectRefusal(await post('', bearer(almost)), 401, 'invalid_api_key')
  })

  it('key_disabled is the answer while the owner or the provider is disabled', async () => {
    const key = await world.mintKey({ providerId: await world.addProvider({ enabled: false }) })
    await expectRefusal(await post('', bearer(key.text)), 401, 'key_disabled')
  })

  it('key_expired is the answer for an old secret after its overlap', async () => {
    const key = await world.mintKey()
    await world.change('ApiKey', key.id, (tx) =>
      tx.keySecret.update({ where: { id: key.secretId }, data: { expiresAt: new Date(Date.now() - 1) } }),
    )
    await expectRefusal(await post('', bearer(key.text)), 401, 'key_expired')
  })
})

describe('400', () => {
  it('bad_request is the answer to two credentials, of one kind or two', async () => {
    await expectRefusal(await post('', { ...bearer(), 'x-api-key': world.key.text }), 400, 'bad_request', 'x-api-key')
    const twice = `POST /work HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${world.key.text}\r\nAuthorization: Bearer ${world.key.text}\r\nconnection: close\r\n\r\n`
    const { status, body } = await sendRaw(world.port, twice)
    expect([status, JSON.parse(body).error.code]).toEqual([400, 'bad_request'])
  })

  it('bad_request is the answer to a credential in the URL', async () => {
    for (const query of [
      `?api_key=x`,
      `?key=${world.key.text}`,
      `?anything=${world.key.text}`,
      `?a=%61ic_${world.key.text.slice(4)}`,
    ]) {
      await expectRefusal(await post(query, bearer()), 400, 'bad_request', 'query')
    }
  })

  it('invalid_json, invalid_body, duplicate_key, body_too_complex and invalid_parameter name what is wrong, and reach no provider', async () => {
    const before = world.provider.received.length
    await expectRefusal(await post('', bearer(), '{"model":'), 400, 'invalid_json')
    await expectRefusal(await post('', bearer(), '[1]'), 400, 'invalid_body')
    await expectRefusal(await post('', bearer(), '{"model":"gpt-4","model":"gpt-4"}'), 400, 'duplicate_key', 'model')
    await expectRefusal(
      await post('', bearer(), `{"model":"gpt-4","a":${'['.repeat(500)}${']'.repeat(500)}}`),
      400,
      'body_too_complex',
    )
    await expectRefusal(
      await post('', bearer(), '{"model":"gpt-4","api_base":"http://evil"}'),
      400,
      'invalid_parameter',
      'api_base',
    )
    expect(world.provider.received.length).toBe(before)
  })
})

describe('404, 405, 408, 413, 415', () => {
  it('model_not_available says which of the two reasons it is, and is recorded', async () => {
    const res = await post('', bearer(), '{"model":"gpt-5"}')
    expect((await expectRefusal(res, 404, 'model_not_available', 'model')).message).toContain('not enabled')
    expect(await entryOf(res)).toMatchObject({
      end: 'REFUSED',
      code: 'model_not_available',
      modelAsked: 'gpt-5',
      status: 404,
    })
  })

  it('not_found is the answer for paths there are none of, and for another wire format', async () => {
    for (const path of [
      '/nothing',
      '/chat',
      '/v1',
      '/v2/chat/completions',
      '/../graphql',
      '/%63hat/completions',
      '/messages',
    ]) {
      const { status, body } = await sendRaw(
        world.port,
        `POST /work${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${world.key.text}\r\nconnection: close\r\n\r\n`,
      )
      expect([path, status, JSON.parse(body).error.code]).toEqual([path, 404, 'not_found'])
    }
  })

  it('method_not_allowed says what is allowed', async () => {
    const get = await fetch(world.url, { headers: bearer() })
    await expectRefusal(get, 405, 'method_not_allowed')
    expect(get.headers.get('allow')).toBe('POST')
    const put = await fetch(`${world.url}/models`, { method: 'PUT', headers: bearer(), body: chat })
    await expectRefusal(put, 405, 'method_not_allowed')
    expect(put.headers.get('allow')).toBe('GET')
  })

  it('unsupported_media_type is the answer to anything but plain JSON', async () => {
    await expectRefusal(
      await post('', { ...bearer(), 'content-type': 'text/plain' }),
      415,
      'unsupported_media_type',
      'content-type',
    )
    await expectRefusal(
      await post('', { ...bearer(), 'content-encoding': 'gzip' }),
      415,
      'unsupported_media_type',
      'content-encoding',
    )
  })

  it('request_too_large is the answer to a long body, declared or not, and closes the connection', async () => {
    const declared = await post('', bearer(), JSON.stringify({ model: 'gpt-4', x: 'y'.repeat(30_000) }))
    await expectRefusal(declared, 413, 'request_too_large')
    expect(declared.headers.get('connection')).toBe('close')
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`
    const { status } = await sendRaw(
      world.port,
      `POST /work HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${world.key.text}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(10)}`,
    )
    expect(status).toBe(413)
  })
})

describe('503', () => {
  it('overloaded is the answer when the provider has as many requests as it may, and as many wait', async () => {
    const providerId = await world.addProvider({ maxConcurrency: 1 })
    const key = await world.mintKey({ providerId })
    const release: (() => void)[] = []
    world.provider.answer = (_req, res) => release.push(() => sendJson(res, 200, {}))
    const first = post('', bearer(key.text))
    await expect.poll(() => release.length).toBe(1)
    const waiting = post('', bearer(key.text))
    await expect.poll(() => world.gateway.running()).toBe(2)
    await expectRefusal(await post('', bearer(key.text)), 503, 'overloaded')
    world.provider.answer = (_req, res) => sendJson(res, 200, {})
    release[0]?.()
    expect((await first).status).toBe(200)
    expect((await waiting).status).toBe(200)
    expect((await post('', bearer(key.text))).status).toBe(200)
  })
})

it("never lets a stranger's body be read", async () => {
  const head = 'POST /work HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n'
  const { status, socket } = await sendRaw(world.port, head, /invalid_api_key/)
  expect(status).toBe(401)
  socket.destroy()
})
