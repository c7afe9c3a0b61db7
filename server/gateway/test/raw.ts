import { connect, type Socket } from 'node:net'

/** What a raw connection got until it ended or `until` was seen. */
export type RawAnswer = {
  readonly text: string
  readonly status: number
  readonly body: string
  readonly socket: Socket
}

/** Sends bytes as they are and reads until the connection ends, or until the text matches. */
export function sendRaw(port: number, text: string | Buffer, until?: RegExp): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    const done = () => {
      const all = Buffer.concat(chunks).toString()
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(all)?.[1] ?? 0)
      resolve({ text: all, status, body: all.slice(all.indexOf('\r\n\r\n') + 4), socket })
    }
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (until?.test(Buffer.concat(chunks).toString())) done()
    })
    socket.on('error', reject)
    socket.on('close', done)
    socket.write(text)
  })
}

/** Resolves as soon as the condition holds; rejects when it does not within five seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it never happened')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
