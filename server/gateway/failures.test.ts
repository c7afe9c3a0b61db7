import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { plainAnswer, sendJson } from './test/provider.ts'
import { until } from './test/raw.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld({ maxBodyBytes: 5_000_000 })
const chat = JSON.stringify({ model: 'gpt-4', messages: [] })
const headers = { authorization: `Bearer ${world.key.text}`, 'content-type': 'application/json' }
const post = (more: Record<string, string> = {}, body: string = chat, signal: AbortSignal | null = null) =>
  fetch(world.url, { method: 'POST', headers: { ...headers, ...more }, body, signal })
const codeOf = async (res: Response) => [res.status, JSON.parse(await res.text()).error?.code]
const lastEntry = async () => (await world.entries()).at(-1)
const raw = (head: string, body = chat) =>
  `POST /work HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${world.key.text}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${head}\r\n${body}`

beforeEach(() => {
  world.provider.received.length = 0
  world.provider.answer = (_req, res) => sendJson(res, 200, plainAnswer)
})

/** A provider that is no HTTP server: what it does with a connection is up to the test. */
async function rawProvider(onData: (socket: Socket, sent: string) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => onData(socket, chunk.toString()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => server.close())
  const { port }: { port: number } = Object(server.address())
  const providerId = await world.addProvider({ baseUrl: `http://127.0.0.1:${port}/v1` })
  return (await world.mintKey({ providerId })).text
}

const withKey = (key: string) => post({ authorization: `Bearer ${key}` })

describe('when the provider breaks', () => {
  it('bytes after its answer reach nobody', async () => {
    const answer = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'
    const key = await rawProvider((socket) =>
      socket.write(`${answer}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret`),
    )
    expect(await (await withKey(key)).text()).toBe('{}')
    expect(await (await withKey(key)).text()).toBe('{}')
  })

  it('what it says in another protocol is refused at once, not waited for', async () => {
    for (const banner of ['SSH-2.0-OpenSSH_9.2\r\n', '+OK\r\n', '\u0015\u0003\u0001']) {
      const key = await rawProvider((socket) => socket.write(banner))
      expect(await codeOf(await withKey(key))).toEqual([502, 'upstream_invalid_response'])
    }
  })

  it('headers in any bytes cross as they are, and control characters do not cross', async () => {
    const head = 'HTTP/1.1 200 OK\r\nx-price: 5 \u20ac\r\ncontent-type: '
    for (const type of ['application/json', 'text/event-stream']) {
      const key = await rawProvider((socket) => socket.write(`${head}${type}\r\ncontent-length: 2\r\n\r\n{}`))
      const res = await withKey(key)
      const price = Buffer.from(res.headers.get('x-price') ?? '', 'latin1').toString()
      expect([res.status, await res.text(), price]).toEqual([200, '{}', '5 \u20ac'])
      const bad = await rawProvider((socket) =>
        socket.write(`${head}${type}\r\nx-a: \u0001\r\ncontent-length: 2\r\n\r\n{}`),
      )
      const answer = await withKey(bad)
      expect([answer.status === 502 || answer.status === 200, answer.headers.get('x-a')]).toEqual([true, null])
    }
  })

  it('a kept-alive connection that it has closed is replaced', async () => {
    let connections = 0
    const key = await rawProvider((socket) => {
      connections++
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
      socket.end()
    })
    for (let index = 0; index < 5; index++) expect((await withKey(key)).status).toBe(200)
    expect(connections).toBe(5)
  })

  it('no first byte in time is a 504, and its connection is closed', async () => {
    const providerId = await world.addProvider({ firstByteTimeoutMs: 200 })
    let closed = false
    world.provider.answer = (req) =>
      void req.socket.once('close', () => {
        closed = true
      })
    expect(await codeOf(await withKey((await world.mintKey({ providerId })).text))).toEqual([504, 'upstream_timeout'])
    await until(() => closed)
  })
})

describe('when the caller leaves', () => {
  it('while sending its body, no provider hears of it', async () => {
    const socket = connect(world.port, '127.0.0.1')
    socket.write(raw('').slice(0, -5))
    await until(() => world.gateway.running() === 1)
    socket.destroy()
    await until(() => world.gateway.running() === 0)
    expect(world.provider.received).toEqual([])
  })

  it('before the first byte, the provider is told within 100 ms', async () => {
    let closedAt = 0
    world.provider.answer = (req) =>
      void req.socket.once('close', () => {
        closedAt = performance.now()
      })
    const leaving = new AbortController()
    const asked = post({}, chat, leaving.signal).catch(() => null)
    await until(() => world.provider.received.length === 1)
    const leftAt = performance.now()
    leaving.abort()
    await asked
    await until(() => closedAt > 0)
    expect(closedAt - leftAt).toBeLessThan(100)
    await until(async () => (await lastEntry())?.end === 'CLIENT_LEFT')
    expect(await lastEntry()).toMatchObject({ status: 0, code: null })
    expect(world.gateway.running()).toBe(0)
  })
})
