import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { until } from '../test/raw.ts'
import { LeanPool } from './pool.ts'

/** More than the buffers of two sockets take. */
const BODY_BYTES = 4_000_000
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'

async function startServer(serve: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterAll(() => server.close())
  const { port } = Object(server.address())
  return { server, port }
}

const poolTo = (port: number) =>
  new LeanPool(`http://127.0.0.1:${port}`, (done) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => done(null, socket))
  })

/** Asks once; resolves with the whole answer. */
const ask = (pool: LeanPool, body: Buffer) =>
  new Promise<string>((resolve, reject) => {
    let text = ''
    pool.dispatch(
      { method: 'POST', path: '/', headers: [], body, headersTimeout: 5_000, bodyTimeout: 5_000 },
      {
        onResponseData: (_controller, data) => {
          text += data.toString('latin1')
        },
        onResponseEnd: () => resolve(text),
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })

test('a provider that closes behind each answer, without a word, costs no request', async () => {
  let connections = 0
  const { port } = await startServer((socket) => {
    connections++
    socket.once('data', () => socket.end(ANSWER))
  })
  const pool = poolTo(port)
  for (let count = 0; count < 50; count++) expect(await ask(pool, Buffer.from('{}'))).toBe('{}')
  expect(connections).toBe(50)
})

test('a connection is used again, and no more are open than there were requests at once', async () => {
  let connections = 0
  const { port } = await startServer((socket) => {
    connections++
    socket.on('data', () => socket.write(ANSWER))
  })
  const pool = poolTo(port)
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 3 }, () => ask(pool, Buffer.from('{}'))))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(connections).toBe(3)
  await pool.close()
})

test('a head that nobody could end is refused when it comes, not when its time is up', async () => {
  const heads = ['HTTP/1.1 200 OK\ncontent-length: 2\n\n{}', 'HTTP/2 200\r\n', '<html>']
  for (const head of heads) {
    const { port } = await startServer((socket) => socket.on('data', () => socket.write(head)))
    await expect(ask(poolTo(port), Buffer.from('{}')), head).rejects.toThrow('Response is not valid HTTP: beginning')
  }
})

test("what a provider sends unasked ends its connection, and is nobody's answer", async () => {
  const sockets: Socket[] = []
  const { port } = await startServer((socket) => {
    sockets.push(socket)
    socket.on('data', () => socket.write(ANSWER))
  })
  const pool = poolTo(port)
  await ask(pool, Buffer.from('{}'))
  sockets[0]?.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil')
  await until(() => sockets[0]?.destroyed === true)
  expect(await ask(pool, Buffer.from('{}'))).toBe('{}')
  expect(sockets).toHaveLength(2)
})

test('a body may be overwritten once the answer is whole, even if the provider has not read it', async () => {
  const sockets: Socket[] = []
  const { port } = await startServer((socket) => {
    sockets.push(socket)
    // It answers to the first bytes and reads on only when it is told to.
    socket.once('readable', () => socket.write(ANSWER))
  })
  const body = Buffer.alloc(BODY_BYTES, 'a')
  expect(await ask(poolTo(port), body)).toBe('{}')
  body.fill('b')
  const [socket] = sockets
  let text = ''
  socket?.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  await until(() => socket?.destroyed === true || text.length > BODY_BYTES)
  expect(text.slice(-1000)).toBe('a'.repeat(1000))
})
