import { describe, expect, it } from 'vitest'
import { startWorld } from './test/world.ts'

const world = await startWorld()

const chat = { model: 'gpt-4', messages: [{ role: 'user', content: 'Hello, world!' }] }

const ask = (body: unknown, key = world.key.text, path = '') =>
  fetch(world.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

describe('a chat request', () => {
  it('is answered with what the provider answered, and recorded', async () => {
    const res = await ask(chat)
    expect(res.status).toBe(200)
    expect(await res.json()).toMatchObject({ id: 'chatcmpl-1' })
    const id = res.headers.get('x-request-id')
    const entry = (await world.entries()).find((e) => e.id === id)
    expect(entry).toMatchObject({
      keyId: world.key.id,
      end: 'COMPLETE',
      status: 200,
      code: null,
      inputTokens: 9,
      outputTokens: 12,
      cachedTokens: 4,
      modelAsked: 'gpt-4',
      modelAnswered: 'gpt-4-0613',
      endpoint: 'chat/completions',
      streamed: false,
    })
    expect(world.provider.received.at(-1)?.req.headers.authorization).toBe(`Bearer ${world.credential}`)
  })
})
