import { createServer, type Socket } from 'node:net'
import { MessageReader } from './messages.ts'

/**
 * The mock provider of the benchmark: raw sockets, prepared answers. It runs in its own process and costs as little as
 * possible, because it shares a core with the load generator. `"stream":true` in the body gets chunks, as many and as
 * often as its `metadata` says; everything else a chat completion of 600 bytes.
 */
export type StreamShape = {
  readonly chunks: number
  /** Milliseconds between two of them. */
  readonly everyMs: number
}

/** What to write into a body for a stream of this shape. */
export const metadataOf = ({ chunks, everyMs }: StreamShape) => ({ chunks: String(chunks), every: String(everyMs) })

function readShape(body: string): StreamShape {
  const [, chunks = '1', everyMs = '1'] = /"metadata":\{"chunks":"(\d+)","every":"(\d+)"\}/.exec(body) ?? []
  return { chunks: Number(chunks), everyMs: Number(everyMs) }
}

const usage = { prompt_tokens: 60, completion_tokens: 80, total_tokens: 140 }

function answerOf(bytes: number): string {
  const make = (content: string) =>
    JSON.stringify({
      id: 'chatcmpl-bench',
      object: 'chat.completion',
      created: 1_760_000_000,
      model: 'bench',
      choices: [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: 'stop' }],
      usage,
    })
  return make('x'.repeat(bytes - make('').length))
}

export const plainAnswer = answerOf(600)

const chunkOf = (choices: readonly object[], more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_760_000_000, model: 'bench', choices, ...more })}\n\n`

const deltaEvent = chunkOf([{ index: 0, delta: { content: 'word and ' }, finish_reason: null }])
const usageEvent = chunkOf([], { usage })
const doneEvent = 'data: [DONE]\n\n'

/** Bytes of a stream's body as a caller must see it who did not ask for the usage. */
export const streamBodyBytes = ({ chunks }: StreamShape): number => deltaEvent.length * chunks + doneEvent.length

const framed = (text: string): Buffer => Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`)

const plain = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${plainAnswer.length}\r\n\r\n${plainAnswer}`,
)
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n',
)
const delta = framed(deltaEvent)
const tail = Buffer.concat([framed(doneEvent), Buffer.from('0\r\n\r\n')])
const tailWithUsage = Buffer.concat([framed(usageEvent), tail])

type Stream = StreamShape & { readonly socket: Socket; readonly usage: boolean; left: number; dueAt: number }

function startTicking(streams: Set<Stream>): void {
  setInterval(() => {
    const now = performance.now()
    for (const stream of streams) {
      if (stream.dueAt > now) continue
      stream.dueAt += stream.everyMs
      if (stream.left > 0) {
        stream.left -= 1
        stream.socket.write(delta)
      } else {
        stream.socket.write(stream.usage ? tailWithUsage : tail)
        streams.delete(stream)
      }
    }
  }, 1)
}

function serve(socket: Socket, streams: Set<Stream>): void {
  const reader = new MessageReader({
    onMessage: ({ body }) => {
      // The members stand at the two ends: a gateway that adds one appends it.
      const ends = body.toString('latin1', 0, 120) + body.toString('latin1', Math.max(0, body.length - 120))
      if (!ends.includes('"stream":true')) {
        socket.write(plain)
        return
      }
      socket.write(streamHead)
      const shape = readShape(ends)
      // Streams that begin together do not have their chunks at the same instants.
      const dueAt = performance.now() + Math.random() * shape.everyMs
      streams.add({ ...shape, socket, usage: ends.includes('"include_usage":true'), left: shape.chunks, dueAt })
    },
  })
  socket.setNoDelay(true)
  socket.on('data', (bytes: Buffer) => reader.push(bytes))
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    for (const stream of streams) if (stream.socket === socket) streams.delete(stream)
  })
}

if (import.meta.main) {
  const streams = new Set<Stream>()
  startTicking(streams)
  const server = createServer((socket) => serve(socket, streams))
  server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`)
  })
}
