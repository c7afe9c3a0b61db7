import type { ServerResponse } from 'node:http'
import { beforeEach, describe, expect, it } from 'vitest'
import { until } from './test/raw.ts'
import { startWorld, type TestKey } from './test/world.ts'

const world = await startWorld()
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
const part = (content: string) =>
  event({ id: 'c', model: 'gpt-4-0613', choices: [{ index: 0, delta: { content } }], usage: null })
const SSE = { 'content-type': 'text/event-stream' }

const post = (more: object = {}, signal: AbortSignal | null = null, key: TestKey = world.key) =>
  fetch(world.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.text}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4', messages: [], stream: true, ...more }),
    signal,
  })

/** The provider sends what is given and leaves the rest to the test. */
const streams = (...parts: readonly string[]) => {
  const answered = Promise.withResolvers<ServerResponse>()
  world.provider.answer = (_req, res) => {
    res.writeHead(200, SSE)
    for (const text of parts) res.write(text)
    answered.resolve(res)
  }
  return answered.promise
}

beforeEach(() => {
  world.provider.received.length = 0
})

describe('a key that dies while its stream is open', () => {
  const codeAtEnd = async (res: Response) => {
    const text = await res.text()
    return JSON.parse(text.slice(text.lastIndexOf('data: ') + 6)).error.code
  }

  it.each([
    [
      'key_expired',
      (key: TestKey) =>
        world.change(
          'ApiKey',
          key.id,
          (tx) =>
            tx.$executeRaw`UPDATE api_keys SET expires_at = now(), version = version + 1 WHERE id = ${key.id}::uuid`,
        ),
    ],
    [
      'key_deleted',
      (key: TestKey) =>
        world.change(
          'ApiKey',
          key.id,
          (tx) =>
            tx.$executeRaw`UPDATE api_keys SET deleted_at = now(), version = version + 1 WHERE id = ${key.id}::uuid`,
        ),
    ],
    [
      'key_disabled',
      (key: TestKey) =>
        world.change(
          'User',
          key.ownerId,
          (tx) =>
            tx.$executeRaw`UPDATE users SET active = false, version = version + 1 WHERE id = ${key.ownerId}::uuid`,
        ),
    ],
  ])('is cut off with %s as soon as the change is applied', async (code, kill) => {
    const key = await world.mintKey()
    let closed = false
    streams(part('x')).then((res) =>
      res.on('close', () => {
        closed = true
      }),
    )
    const res = await post({}, null, key)
    const killed = kill(key)
    expect(await codeAtEnd(res)).toBe(code)
    await killed
    await until(() => closed)
    expect((await post({}, null, key)).status).toBe(401)
    expect((await world.entries()).findLast((entry) => entry.keyId === key.id && entry.status === 200)).toMatchObject({
      end: 'INTERRUPTED',
      code,
    })
  })

  it('by its own expiry is cut off within a second of it', async () => {
    const expiresAt = new Date(Date.now() + 400)
    const key = await world.mintKey({ expiresAt })
    streams(part('x'))
    expect(await codeAtEnd(await post({}, null, key))).toBe('key_expired')
    expect(Date.now() - expiresAt.getTime()).toBeLessThan(1_000)
  })
})

it('draining lets streams finish until the deadline and cuts off the rest', async () => {
  streams(part('x'))
  const res = await post()
  const drained = world.gateway.drain(100)
  const text = await res.text()
  await drained
  expect(text).toContain('"code":"draining"')
  expect(world.gateway.running()).toBe(0)
})
