import { connect, type Socket } from 'node:net'

/** What a raw connection got until it ended or `until` was seen. */
export type RawAnswer = {
  readonly text: string
  readonly status: number
  readonly body: string
  readonly socket: Socket
}

/** Sends bytes as they are and reads until the connection ends, or until the text matches. */
export function sendRaw(
  port: number,
  text: string | Buffer,
  until?: RegExp,
  sent: (socket: Socket) => void = () => undefined,
): Promise<RawAnswer> {
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
    // Whoever still sends when it is over is reset behind the answer.
    socket.on('error', (error) => (chunks.length > 0 ? done() : reject(error)))
    socket.on('close', done)
    socket.write(text)
    sent(socket)
  })
}

/** Sends a beginning, and then one character at a time, until the other side ends the connection. */
export async function drip(port: number, text: string, drop: string): Promise<RawAnswer> {
  let timer: NodeJS.Timeout | undefined
  const answered = sendRaw(port, text, undefined, (socket) => {
    timer = setInterval(() => socket.write(drop), 50)
  })
  return answered.finally(() => clearInterval(timer))
}

/** Resolves as soon as the condition holds; rejects when it does not within five seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it never happened')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
