import { connect, type Socket } from 'node:net'
import { MessageReader } from './messages.ts'
import { metadataOf, plainAnswer, type StreamShape, streamBodyBytes } from './upstream.ts'

/**
 * The load generator: raw keep-alive sockets in a process of its own. Every answer is checked for status 200 and its
 * exact length. Without `rate` each connection asks again as soon as it was answered (saturation); with `rate` requests
 * start on a clock whether or not others were answered, so that a slow answer cannot hide the ones behind it.
 */
export type LoadOptions = {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly bodyBytes: number
  /** Null: a plain answer. */
  readonly stream: StreamShape | null
  readonly connections: number
  readonly seconds: number
  /** Requests per second; 0 for as many as go through. */
  readonly rate: number
}

/** Milliseconds, null when nothing was answered; `ttfb` to the first byte of the body, `total` to the last. */
export type LoadResult = {
  readonly requests: number
  readonly failures: number
  readonly firstFailure: string
  readonly seconds: number
  readonly ttfbP50: number | null
  readonly ttfbP99: number | null
  readonly totalP50: number | null
  readonly totalP99: number | null
}

const warmUpMs = 300

function bodyOf(options: LoadOptions): string {
  const wish = options.stream ? { stream: true, metadata: metadataOf(options.stream) } : { stream: false }
  const make = (content: string) => JSON.stringify({ model: 'bench', ...wish, messages: [{ role: 'user', content }] })
  return make(
    'word '.repeat(Math.ceil(options.bodyBytes / 5)).slice(0, Math.max(1, options.bodyBytes - make('').length)),
  )
}

function requestOf(options: LoadOptions): Buffer {
  const body = bodyOf(options)
  const all = { host: `127.0.0.1:${options.port}`, 'content-type': 'application/json', ...options.headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(
    `POST ${options.path} HTTP/1.1\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

type Sample = { readonly ttfb: number; readonly total: number }
type Tally = { readonly samples: Sample[]; requests: number; failures: number; firstFailure: string }
type Connection = { readonly send: (dueAt: number) => void }

function fail(tally: Tally, reason: string): void {
  tally.failures += 1
  if (tally.firstFailure === '') tally.firstFailure = reason.slice(0, 300)
}

function openConnection(
  options: LoadOptions,
  request: Buffer,
  tally: Tally,
  onFree: (one: Connection) => void,
): Socket {
  const expected = options.stream ? streamBodyBytes(options.stream) : plainAnswer.length
  const sinceMs = performance.now() + warmUpMs
  let dueAt = 0
  let firstAt = 0
  const socket = connect(options.port, '127.0.0.1')
  const connection: Connection = {
    send: (due) => {
      dueAt = due
      socket.write(request)
    },
  }
  const reader = new MessageReader({
    forgetChunks: true,
    onFirstByte: () => {
      firstAt = performance.now()
    },
    onMessage: ({ head, bodyBytes, body }) => {
      const now = performance.now()
      const right = head.startsWith('HTTP/1.1 200') && bodyBytes === expected
      if (!right)
        fail(
          tally,
          `${head.split('\r\n')[0]} ${bodyBytes} bytes instead of ${expected}: ${body.toString('latin1').slice(0, 200)}`,
        )
      else tally.requests += 1
      if (right && dueAt > sinceMs) tally.samples.push({ ttfb: firstAt - dueAt, total: now - dueAt })
      onFree(connection)
    },
  })
  socket.setNoDelay(true)
  socket.on('connect', () => onFree(connection))
  socket.on('data', (bytes: Buffer) => reader.push(bytes))
  socket.on('error', (error) => fail(tally, error.message))
  socket.on('close', () => {
    if (tally.failures < 10_000) fail(tally, 'the connection was closed')
  })
  return socket
}

/**
 * Starts due requests on free connections; what finds none waits, and its waiting counts. That a timer is up to a
 * millisecond late does not: it is the generator's own.
 */
function startClock(rate: number, free: Connection[]): { readonly stop: () => void; readonly pump: () => void } {
  const begun = performance.now()
  const waiting: number[] = []
  let started = 0
  const pump = (): void => {
    while (waiting.length > 0) {
      const connection = free.pop()
      if (!connection) return
      connection.send(waiting.shift() ?? 0)
    }
  }
  const tick = (): void => {
    const now = performance.now()
    for (; begun + (started * 1000) / rate <= now; started += 1) waiting.push(now)
    pump()
  }
  const timer = setInterval(tick, 1)
  return { stop: () => clearInterval(timer), pump }
}

function quantile(sorted: readonly number[], q: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? null
}

function summarise(tally: Tally, seconds: number): LoadResult {
  const ttfb = tally.samples.map((sample) => sample.ttfb).sort((a, b) => a - b)
  const total = tally.samples.map((sample) => sample.total).sort((a, b) => a - b)
  return {
    requests: tally.requests,
    failures: tally.failures,
    firstFailure: tally.firstFailure,
    seconds,
    ttfbP50: quantile(ttfb, 0.5),
    ttfbP99: quantile(ttfb, 0.99),
    totalP50: quantile(total, 0.5),
    totalP99: quantile(total, 0.99),
  }
}

/** Runs the load and resolves when every request under way at the end was answered. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const tally: Tally = { samples: [], requests: 0, failures: 0, firstFailure: '' }
  const free: Connection[] = []
  const request = requestOf(options)
  const begun = performance.now()
  const endAt = begun + options.seconds * 1000
  const clock = options.rate > 0 ? startClock(options.rate, free) : null
  const idle = new Set<Connection>()
  const onFree = (connection: Connection): void => {
    if (performance.now() >= endAt) idle.add(connection)
    else if (clock === null) connection.send(performance.now())
    else {
      free.push(connection)
      clock.pump()
    }
  }
  const sockets = Array.from({ length: options.connections }, () => openConnection(options, request, tally, onFree))
  await new Promise((resolve) => setTimeout(resolve, options.seconds * 1000))
  clock?.stop()
  const patienceMs = 3000 + (options.stream ? options.stream.chunks * options.stream.everyMs * 2 : 0)
  for (let waited = 0; waited < patienceMs && idle.size + free.length < options.connections; waited += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const seconds = (performance.now() - begun) / 1000
  const result = summarise({ ...tally }, seconds)
  for (const socket of sockets) socket.destroy()
  return result
}

if (import.meta.main) {
  const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions
  process.stdout.write(JSON.stringify(await runLoad(options)))
  process.exit(0)
}
