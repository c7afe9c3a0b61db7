import { createServer, type Socket } from 'node:net'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { breakerTime } from './test/parts.ts'
import { plainAnswer, sendJson } from './test/provider.ts'
import { until } from './test/raw.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld()
const body = JSON.stringify({ model: 'gpt-4', messages: [] })
const ask = (key: string, signal: AbortSignal | null = null) => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return fetch(world.url, { method: 'POST', headers, body, signal })
}
const codeOf = async (res: Response) => [res.status, JSON.parse(await res.text()).error?.code]
const times = <Value>(count: number, work: (n: number) => Value) => Array.from({ length: count }, (_, n) => work(n))

beforeEach(() => {
  world.provider.received.length = 0
  world.provider.answer = (_req, res) => sendJson(res, 200, plainAnswer)
})

async function keyOf(set: Parameters<typeof world.addProvider>[0]) {
  const providerId = await world.addProvider(set)
  return { providerId, key: (await world.mintKey({ providerId })).text }
}

/** A provider of which only the connections count. */
async function rawProvider(onConnection: (socket: Socket) => void) {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => server.close())
  const { port }: { port: number } = Object(server.address())
  return { baseUrl: `http://127.0.0.1:${port}/v1`, connections: () => connections }
}

describe('a provider that dies', () => {
  it('gets at most 1.2 times the requests, and an open breaker costs no connection', async () => {
    const dead = await rawProvider((socket) => socket.destroy())
    const { key, providerId } = await keyOf({ baseUrl: dead.baseUrl })
    for (const _ of times(10, String)) expect((await ask(key)).status).toBe(502)
    expect(world.parts.breakers.of(providerId).state).toBe('OPEN')
    expect(dead.connections()).toBeLessThanOrEqual(12)
    const before = dead.connections()
    const refused = await Promise.all(times(20, () => ask(key)))
    for (const res of refused) {
      expect(Number(res.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await codeOf(res)).toEqual([502, 'upstream_unreachable'])
    }
    expect(dead.connections()).toBe(before)
  })

  it('is asked again by one request when its time has come, and by all when that went well', async () => {
    const { key, providerId } = await keyOf({})
    world.provider.answer = (_req, res) => res.destroy()
    for (const _ of times(10, String)) expect((await ask(key)).status).toBe(502)
    const breaker = world.parts.breakers.of(providerId)
    expect(breaker.state).toBe('OPEN')
    breakerTime.aheadMs += breaker.waitMs
    const held: (() => void)[] = []
    world.provider.answer = (_req, res) => held.push(() => sendJson(res, 200, plainAnswer))
    const first = ask(key)
    await until(() => held.length === 1)
    expect(await codeOf(await ask(key))).toEqual([502, 'upstream_unreachable'])
    held[0]?.()
    expect((await first).status).toBe(200)
    world.provider.answer = (_req, res) => sendJson(res, 200, plainAnswer)
    expect((await ask(key)).status).toBe(200)
    expect(breaker.state).toBe('CLOSED')
  })

  it('is tried at once where it moved to', async () => {
    const { key, providerId } = await keyOf({ baseUrl: 'http://127.0.0.1:1/v1' })
    for (const _ of times(11, String)) await ask(key)
    await world.change('Provider', providerId, (tx) =>
      tx.provider.update({
        where: { id: providerId },
        data: { baseUrl: world.provider.url, version: { increment: 1 } },
      }),
    )
    expect((await ask(key)).status).toBe(200)
  })

  it('is not given up for what it answers, whatever that is', async () => {
    const { key, providerId } = await keyOf({})
    for (const status of [400, 404, 422, 429, 401, 403, 500, 502, 503, 500, 503, 529]) {
      world.provider.answer = (_req, res) => sendJson(res, status, { error: {} })
      await ask(key)
    }
    expect(world.parts.breakers.of(providerId).state).toBe('CLOSED')
  })

  it('is given up when it lets requests hang', async () => {
    const silent = await rawProvider(() => undefined)
    const { key, providerId } = await keyOf({ baseUrl: silent.baseUrl, firstByteTimeoutMs: 100 })
    const codes = await Promise.all(times(10, async () => codeOf(await ask(key))))
    expect(codes).toEqual(times(10, () => [504, 'upstream_timeout']))
    expect(world.parts.breakers.of(providerId).state).toBe('OPEN')
  })
})

describe('a provider that is busy', () => {
  it('has no more at once than it may, as many wait, and the rest is refused at once', async () => {
    const { key } = await keyOf({ maxConcurrency: 2 })
    let now = 0
    let most = 0
    const release: (() => void)[] = []
    world.provider.answer = (_req, res) => {
      most = Math.max(most, ++now)
      release.push(() => {
        now--
        sendJson(res, 200, plainAnswer)
      })
    }
    const ended: number[] = []
    const all = times(6, async () => {
      const res = await ask(key)
      ended.push(res.status)
      if (res.status === 503) expect(res.headers.get('retry-after')).toBe('1')
    })
    await until(() => ended.length === 2)
    expect(ended).toEqual([503, 503])
    while (ended.length < 6) {
      await until(() => release.length > 0)
      release.shift()?.()
      await until(() => ended.length === 6 || release.length > 0)
    }
    await Promise.all(all)
    expect(ended).toEqual([503, 503, 200, 200, 200, 200])
    expect([most, world.provider.received.length]).toEqual([2, 4])
  })

  it('never hears of a request whose caller left the queue, and the queue moves on', async () => {
    const { key } = await keyOf({ maxConcurrency: 1 })
    const release: (() => void)[] = []
    world.provider.answer = (_req, res) => release.push(() => sendJson(res, 200, plainAnswer))
    const first = ask(key)
    await until(() => release.length === 1)
    const impatient = new AbortController()
    const left = ask(key, impatient.signal).catch(() => 'left')
    await until(() => world.gateway.running() === 2)
    expect((await ask(key)).status).toBe(503)
    impatient.abort()
    expect(await left).toBe('left')
    await until(() => world.gateway.running() === 1)
    const next = ask(key)
    await until(() => world.gateway.running() === 2)
    world.provider.answer = (_req, res) => sendJson(res, 200, plainAnswer)
    release.shift()?.()
    expect([(await first).status, (await next).status]).toEqual([200, 200])
    expect(world.provider.received.length).toBe(2)
  })
})

it('metrics and the API say how a provider is doing', async () => {
  const { key, providerId } = await keyOf({ name: 'Failing one' })
  const scrape = () => world.parts.metrics.read()
  expect(await scrape()).toContain('aic_provider_breaker{provider="Failing one"} 0')
  world.provider.answer = (_req, res) => res.destroy()
  for (const _ of times(10, String)) await ask(key)
  expect(await scrape()).toContain('aic_provider_breaker{provider="Failing one"} 2')
  expect(world.parts.breakers.of(providerId).state).toBe('OPEN')
})
