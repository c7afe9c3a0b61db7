import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Key } from './product/world.ts'
import { openWorld, type World } from './product.ts'
import { expectRefusal } from './refusal.ts'

let world: World

beforeAll(async () => {
  world = await openWorld()
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

describe('a credential the gateway cannot accept', () => {
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

  test('one in the query string is refused, and not logged', async () => {
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

describe('a provider that fails', () => {
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
