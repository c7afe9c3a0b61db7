import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { chat, says, startPools } from './test/pools.ts'
import { plainAnswer, sendJson } from './test/provider.ts'
import { until } from './test/raw.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld()
const { first, second, pair } = await startPools(world)
const ask = (key: string, body = chat(), signal: AbortSignal | null = null) => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return fetch(world.url, { method: 'POST', headers, body, signal })
}
const codeOf = async (res: Response) => [res.status, JSON.parse(await res.text()).error?.code]
const lastEntry = async () => (await world.entries()).at(-1)
const times = <Value>(count: number, work: (n: number) => Value) => Array.from({ length: count }, (_, n) => work(n))

/** An address where nobody listens. */
async function nowhere(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port }: { port: number } = Object(server.address())
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}/v1`
}

describe('a pool', () => {
  it('answers from its second member while the first is down, and the entry names who answered', async () => {
    const { key, pool, two } = await pair({ one: { baseUrl: await nowhere() } })
    expect(await (await ask(key)).json()).toEqual(plainAnswer)
    expect(await lastEntry()).toMatchObject({
      providerId: pool,
      answeredById: two,
      attempts: 2,
      end: 'COMPLETE',
      code: null,
    })
  })

  it.each([408, 429, 500, 503, 401, 403])('asks the next member when one says %i', async (status) => {
    const { key, two } = await pair()
    first.answer = says(status)
    expect((await ask(key)).status).toBe(200)
    expect([first.received.length, second.received.length]).toEqual([1, 1])
    expect(await lastEntry()).toMatchObject({ answeredById: two, attempts: 2, status: 200, code: null })
  })

  it.each([400, 404, 422])('passes on a %i, which is about the request', async (status) => {
    const { key, one } = await pair()
    first.answer = says(status)
    expect((await ask(key)).status).toBe(status)
    expect(second.received).toEqual([])
    expect(await lastEntry()).toMatchObject({ answeredById: one, attempts: 1 })
  })

  it('passes on the last answer when all say no, with its source', async () => {
    const { key } = await pair()
    first.answer = says(500)
    second.answer = (_req, res) => sendJson(res, 429, { error: { message: 'slow down' } }, { 'retry-after': '7' })
    const res = await ask(key)
    expect([res.status, res.headers.get('x-aic-source'), res.headers.get('retry-after')]).toEqual([
      429,
      'provider',
      '7',
    ])
    expect(await res.json()).toEqual({ error: { message: 'slow down' } })
  })

  it('passes on the answer it has when the others cannot be asked', async () => {
    const { key, two } = await pair({ two: { maxConcurrency: 1 } })
    first.answer = says(503, { error: { message: 'theirs' } })
    const release: (() => void)[] = []
    second.answer = (_req, res) => release.push(() => sendJson(res, 200, plainAnswer))
    const direct = ask((await world.mintKey({ providerId: two })).text)
    await until(() => release.length === 1)
    const res = await ask(key)
    expect([res.status, res.headers.get('x-aic-source')]).toEqual([503, 'provider'])
    expect(await res.json()).toEqual({ error: { message: 'theirs' } })
    release[0]?.()
    expect((await direct).status).toBe(200)
  })

  it('streams from the member that answers', async () => {
    const { key } = await pair()
    first.answer = says(503)
    second.answer = (_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      res.end('data: {"id":"x","choices":[{"index":0,"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n')
    }
    const text = await (await ask(key, chat({ stream: true }))).text()
    expect(text).toContain('"content":"a"')
    expect(text).toContain('[DONE]')
  })

  it('never repeats anything after the first byte', async () => {
    const { key, one } = await pair()
    first.answer = (_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      res.write('data: {"id":"x","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n')
      setTimeout(() => res.destroy(), 20)
    }
    const text = await (await ask(key, chat({ stream: true }))).text()
    expect(text).toContain('upstream_')
    expect(second.received).toEqual([])
    expect(await lastEntry()).toMatchObject({ answeredById: one, attempts: 1, end: 'UPSTREAM_FAILED' })
  })

  it('does not repeat what a member got and did not answer, unless the pool says so', async () => {
    first.answer = (req) => req.socket.destroy()
    const cautious = await pair()
    expect(await codeOf(await ask(cautious.key))).toEqual([502, 'upstream_unreachable'])
    expect(second.received).toEqual([])
    const bold = await pair({ pool: { repeatsUnanswered: true } })
    expect((await ask(bold.key)).status).toBe(200)
  })

  it('treats a member that lets a request hang the same way', async () => {
    first.answer = () => undefined
    const cautious = await pair({ one: { firstByteTimeoutMs: 150 } })
    expect(await codeOf(await ask(cautious.key))).toEqual([504, 'upstream_timeout'])
    const bold = await pair({ one: { firstByteTimeoutMs: 150 }, pool: { repeatsUnanswered: true } })
    expect((await ask(bold.key)).status).toBe(200)
  })

  it('leaves a member alone that keeps failing, and asks it no more', async () => {
    const { key, one } = await pair()
    first.answer = says(500)
    for (const _ of times(12, String)) expect((await ask(key)).status).toBe(200)
    expect(world.parts.breakers.of(one).state).toBe('OPEN')
    expect([first.received.length, second.received.length]).toEqual([10, 12])
  })

  it('goes to the next member while one has as many requests as it may', async () => {
    const { key } = await pair({ one: { maxConcurrency: 1 } })
    const release: (() => void)[] = []
    first.answer = (_req, res) => release.push(() => sendJson(res, 200, plainAnswer))
    const slow = ask(key)
    await until(() => release.length === 1)
    expect((await ask(key)).status).toBe(200)
    expect(second.received.length).toBe(1)
    release[0]?.()
    expect((await slow).status).toBe(200)
  })

  it('gives each member of one order its share', async () => {
    const { key } = await pair({
      members: [
        { order: 1, weight: 3 },
        { order: 1, weight: 1 },
      ],
    })
    for (const _ of times(8, String)) await ask(key)
    expect([first.received.length, second.received.length]).toEqual([6, 2])
  })

  it('ends when the caller leaves between two members, and nothing was used', async () => {
    const { key } = await pair()
    const leaving = new AbortController()
    first.answer = (_req, res) => {
      res.writeHead(503, { 'content-type': 'application/json', 'content-length': '2' })
      res.write('{')
      setTimeout(() => leaving.abort(), 20)
    }
    await ask(key, chat(), leaving.signal).catch(() => undefined)
    await until(async () => (await lastEntry())?.end === 'CLIENT_LEFT')
    expect(second.received).toEqual([])
  })
})
