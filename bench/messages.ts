/** Finds whole HTTP/1.1 messages in a stream of bytes: just enough for a mock and a load generator, and fast. */
export type Message = {
  /** Start line and headers, without the empty line. */
  readonly head: string
  /** Bytes of the body without the framing of chunks. */
  readonly bodyBytes: number
  /** The first bytes of the body, for those who decide by it. */
  readonly body: Buffer
}

type Sinks = {
  /** Chunked bodies are forgotten as they are counted: `body` then holds only their end. */
  readonly forgetChunks?: boolean
  /** The first byte of the next message's body arrived. */
  readonly onFirstByte?: () => void
  readonly onMessage: (message: Message) => void
}

const emptyLine = Buffer.from('\r\n\r\n')
const lineEnd = Buffer.from('\r\n')

function lengthOf(head: string): number | 'chunked' {
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return 'chunked'
  const match = /\r\ncontent-length: *(\d+)/i.exec(head)
  return match ? Number(match[1]) : 0
}

/**
 * Reads messages that follow each other on one connection. Bodies are kept until they are whole; a chunked one is
 * measured at each read only from where the last whole chunk ended, so that long streams stay linear.
 */
export class MessageReader {
  readonly #sinks: Sinks
  #pending: Buffer = Buffer.alloc(0)
  #head = ''
  /** Where the body begins in what is pending; -1 while the headers are not whole. */
  #headEnd = -1
  /** Where the next chunk begins, and what the ones before it carried. */
  #chunkAt = 0
  #chunkBytes = 0
  #announced = false

  constructor(sinks: Sinks) {
    this.#sinks = sinks
  }

  push(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    while (this.#pending.length > 0 && this.#takeHead() && this.#takeBody());
  }

  #takeHead(): boolean {
    if (this.#headEnd >= 0) return true
    const end = this.#pending.indexOf(emptyLine)
    if (end < 0) return false
    this.#head = this.#pending.toString('latin1', 0, end)
    this.#headEnd = end + 4
    this.#chunkAt = this.#headEnd
    this.#chunkBytes = 0
    return true
  }

  #takeBody(): boolean {
    if (!this.#announced && this.#pending.length > this.#headEnd) {
      this.#announced = true
      this.#sinks.onFirstByte?.()
    }
    const length = lengthOf(this.#head)
    if (length === 'chunked') return this.#takeChunks()
    if (this.#pending.length < this.#headEnd + length) return false
    this.#done(this.#headEnd + length, length)
    return true
  }

  #takeChunks(): boolean {
    for (;;) {
      const line = this.#pending.indexOf(lineEnd, this.#chunkAt)
      if (line < 0) break
      const size = Number.parseInt(this.#pending.toString('latin1', this.#chunkAt, line), 16)
      const next = line + 2 + size + 2
      if (next > this.#pending.length) break
      this.#chunkAt = next
      this.#chunkBytes += size
      if (size > 0) continue
      this.#done(next, this.#chunkBytes)
      return true
    }
    if (this.#sinks.forgetChunks) {
      this.#pending = this.#pending.subarray(this.#chunkAt)
      this.#headEnd = 0
      this.#chunkAt = 0
    }
    return false
  }

  #done(end: number, bodyBytes: number): void {
    const message = { head: this.#head, bodyBytes, body: this.#pending.subarray(this.#headEnd, end) }
    this.#pending = this.#pending.subarray(end)
    this.#headEnd = -1
    this.#announced = false
    this.#sinks.onMessage(message)
  }
}
