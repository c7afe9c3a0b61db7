import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { watchConnections } from './connections.ts'
import { drain } from './drain.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections()
})

type Streaming = {
  readonly server: Server
  readonly closeUnused: () => void
  readonly port: number
  readonly res: ServerResponse
  readonly answer: IncomingMessage
}

/** A server in the middle of one answer. */
async function startStreaming(): Promise<Streaming> {
  const server = createServer({ keepAliveTimeout: 60_000 }).listen(0, '127.0.0.1')
  servers.push(server)
  const closeUnused = watchConnections(server)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const req = get({ port, host: '127.0.0.1', headers: { connection: 'keep-alive' } })
  req.on('error', () => undefined)
  const [, res] = await once(server, 'request')
  res.write('first ')
  const [answer] = await once(req, 'response')
  answer.on('error', () => undefined)
  return { server, closeUnused, port, res, answer }
}

const patient = { observed: false, hurry: new AbortController().signal, work: async () => undefined }

async function refused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return once(socket, 'connect').then(
    () => false,
    () => true,
  )
}

test('an answer under way is finished, while new connections are refused', async () => {
  const { server, closeUnused, port, res, answer } = await startStreaming()
  const drained = drain({ server, closeUnused, deadlineMs: 20_000, ...patient })
  while (server.listening) await new Promise(setImmediate)
  expect(await refused(port)).toBe(true)
  res.end('last')
  let body = ''
  for await (const chunk of answer) body += chunk
  expect(body).toBe('first last')
  await drained
})

test('an answer that does not end is cut at the deadline', async () => {
  const { server, closeUnused, answer } = await startStreaming()
  const cut = new Promise((resolve) => answer.resume().once('close', resolve))
  const started = performance.now()
  await drain({ server, closeUnused, deadlineMs: 300, ...patient })
  await cut
  expect(performance.now() - started).toBeGreaterThan(250)
})

test('an answer that is cut at the deadline can still say so', async () => {
  const { server, closeUnused, res, answer } = await startStreaming()
  const work = async (deadlineMs: number) => {
    await sleep(deadlineMs + 20)
    res.end('cut short')
  }
  const drained = drain({ server, closeUnused, deadlineMs: 100, ...patient, work })
  let body = ''
  for await (const chunk of answer) body += chunk
  expect(body).toBe('first cut short')
  await drained
})

test('an idle raw connection holds nothing up', async () => {
  const { server, closeUnused, port, res } = await startStreaming()
  await once(connect(port, '127.0.0.1'), 'connect')
  res.end()
  const started = performance.now()
  await drain({ server, closeUnused, deadlineMs: 20_000, ...patient })
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('a second Ctrl-C waits for nobody', async () => {
  const { server, closeUnused } = await startStreaming()
  const hurry = new AbortController()
  const drained = drain({ server, closeUnused, deadlineMs: 20_000, ...patient, hurry: hurry.signal })
  hurry.abort()
  const started = performance.now()
  await drained
  expect(performance.now() - started).toBeLessThan(2_000)
})
