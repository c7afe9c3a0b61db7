import { setTimeout as wait } from 'node:timers/promises'
import { openWire } from '../product/wire.ts'
import type { World } from '../product.ts'
import { residentMb } from '../soak/inspector.ts'

/** What a reader costs who asked for a stream and stopped reading. */
export type Stopped = {
  /** The content the stream carries, in mebibytes. */
  readonly totalMb: number
  /** What the provider could get rid of while nobody read. */
  readonly sentMb: number
  /** The most resident memory grew in that time. */
  readonly grownMb: number
  /** What came once the reader read on, and whether it came to its end. */
  readonly readMb: number
  readonly whole: boolean
}

const mebibyte = 1024 * 1024
const chunkBytes = 8192
const totalMb = 50

function requestOf(world: World): string {
  const directive = `chunks=${(totalMb * mebibyte) / chunkBytes} size=${chunkBytes}`
  const messages = [{ role: 'user', content: 'much' }]
  const body = JSON.stringify({ model: 'fake-large', stream: true, messages, metadata: { fake: directive } })
  const head = [
    `POST /work HTTP/1.1`,
    `Host: 127.0.0.1:${world.product.port}`,
    `Authorization: Bearer ${world.key.secret}`,
  ]
  const framing = ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close']
  return `${[...head, ...framing].join('\r\n')}\r\n\r\n${body}`
}

/** The end of what comes, and how much it is; the text itself would cost this process what it must not cost the other. */
async function readOn(
  socket: Awaited<ReturnType<typeof openWire>>['socket'],
): Promise<{ bytes: number; tail: string }> {
  let bytes = 0
  let tail = ''
  socket.removeAllListeners('data')
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    tail = (tail + chunk.subarray(-64).toString('latin1')).slice(-64)
  })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.resume()
  await closed
  return { bytes, tail }
}

/** Asks for a stream of 50 MiB, stops reading for `ms`, and then reads on to its end. */
export async function stopReading(world: World, ms: number): Promise<Stopped> {
  const pid = world.product.pid()
  if (pid === undefined) throw new Error('the product does not run')
  const wire = await openWire(world.product.port)
  const before = residentMb(pid)
  wire.write(requestOf(world))
  await wire.until(/data: /)
  wire.socket.pause()
  const earlier = wire.text().length
  let most = before
  for (const begun = performance.now(); performance.now() - begun < ms; await wait(50))
    most = Math.max(most, residentMb(pid))
  const sent = world.fake.ledger.entries().at(-1)?.bytesSent ?? 0
  const { bytes, tail } = await readOn(wire.socket)
  return {
    totalMb,
    sentMb: sent / mebibyte,
    grownMb: most - before,
    readMb: (earlier + bytes) / mebibyte,
    whole: tail.includes('data: [DONE]'),
  }
}
