import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** A raw connection: what a client library would never send. */
export type Wire = {
  readonly socket: Socket
  readonly write: (bytes: string | Buffer) => void
  /** Everything read so far. */
  readonly text: () => string
  /** Resolves with everything read once the peer closed, or rejects after `withinMs`. */
  readonly closed: (withinMs?: number) => Promise<string>
  /** Resolves once what was read matches, or rejects after `withinMs`. */
  readonly until: (pattern: RegExp, withinMs?: number) => Promise<string>
}

/** Opens a connection to the product's port. Errors of the connection count as its end. */
export async function openWire(port: number): Promise<Wire> {
  const socket = connect(port, '127.0.0.1')
  let read = ''
  let ended = false
  socket.on('data', (bytes: Buffer) => {
    read += bytes.toString('latin1')
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    ended = true
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  const poll = async (done: () => boolean, withinMs: number): Promise<string> => {
    const begun = performance.now()
    while (!done()) {
      if (performance.now() - begun > withinMs)
        throw new Error(`nothing came within ${withinMs} ms; read so far: ${read}`)
      await wait(5)
    }
    return read
  }
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    text: () => read,
    closed: (withinMs = 5000) => poll(() => ended, withinMs),
    until: (pattern, withinMs = 5000) => poll(() => pattern.test(read), withinMs),
  }
}

/** Writes the bytes on a new connection and reads until the peer closes it. */
export async function exchange(port: number, bytes: string | Buffer, withinMs?: number): Promise<string> {
  const wire = await openWire(port)
  wire.write(bytes)
  try {
    return await wire.closed(withinMs)
  } finally {
    wire.socket.destroy()
  }
}
