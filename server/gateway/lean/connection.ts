import type { Socket } from 'node:net'
import { errors } from 'undici'
import { type AnswerHead, garbled, readAnswerHead } from './answer-head.ts'
import { ChunkReader } from './chunks.ts'
import type { Exchange } from './exchange.ts'

/** What a connection tells its pool. */
export type Owner = {
  /** The sweep's count: time in steps, so that no clock is read per chunk. */
  readonly tick: number
  /** Its answer is whole and it can be used again for so long. */
  free(connection: Connection, keepMs: number): void
  gone(connection: Connection): void
}

const MAX_HEAD_BYTES = 64 * 1024
/** A body up to this goes out in one piece with the head: copying is cheaper than a second buffer for the system. */
const JOIN_BYTES = 16 * 1024
const HEAD_END = Buffer.from('\r\n\r\n')
const BEGIN = Buffer.from('HTTP/1.')

/** False for bytes that no answer begins with. A head whose lines end otherwise would be waited for to the last. */
function mayBeAnswer(bytes: Buffer): boolean {
  const known = Math.min(bytes.length, BEGIN.length)
  return bytes.compare(BEGIN, 0, known, 0, known) === 0 && !bytes.includes('\n\n')
}

/** One kept connection to a provider: one exchange at a time, never a second before the first is whole. */
export class Connection {
  exchange: Exchange | null = null
  /** For the pool: the tick after which it is not used any more. */
  idleUntil = 0
  readonly #socket: Socket
  readonly #owner: Owner
  readonly #take: (data: Buffer) => void
  #since = 0
  #partial: Buffer | null = null
  #head: AnswerHead | null = null
  #left = 0
  #chunks: ChunkReader | null = null
  #error: Error | null = null

  constructor(socket: Socket, owner: Owner) {
    this.#socket = socket
    this.#owner = owner
    this.#take = (data) => {
      const { exchange } = this
      exchange?.handler.onResponseData?.(exchange, data)
    }
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('end', () => this.#ended())
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.on('close', () => this.fail(this.#error ?? new errors.SocketError('other side closed')))
  }

  get usable(): boolean {
    return !this.#socket.destroyed && this.#socket.writable && this.exchange === null
  }

  /** Sends a request. The caller has made sure that the connection is usable. */
  send(exchange: Exchange, prefix: string): void {
    const { path, headers, body } = exchange.asked
    this.exchange = exchange
    exchange.carrier = this
    exchange.handler.onRequestStart?.(exchange, {})
    if (exchange.aborted) return
    let head = `POST ${path}${prefix}`
    for (let at = 0; at + 1 < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`
    head += `content-length: ${body.length}\r\n\r\n`
    this.#since = this.#owner.tick
    if (body.length <= JOIN_BYTES) {
      const whole = Buffer.allocUnsafe(head.length + body.length)
      whole.write(head, 0, 'latin1')
      whole.set(body, head.length)
      this.#socket.write(whole)
      return
    }
    this.#socket.cork()
    this.#socket.write(head, 'latin1')
    this.#socket.write(body)
    this.#socket.uncork()
  }

  setPaused(paused: boolean): void {
    this.#since = this.#owner.tick
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  /** Ends what is silent for too long; `tickMs` is what a tick lasts. */
  checkTime(tickMs: number): void {
    const { exchange } = this
    if (exchange === null || exchange.paused) return
    const silentMs = (this.#owner.tick - this.#since) * tickMs
    const { headersTimeout, bodyTimeout } = exchange.asked
    if (this.#head === null && silentMs > headersTimeout) this.fail(new errors.HeadersTimeoutError())
    else if (this.#head !== null && silentMs > bodyTimeout) this.fail(new errors.BodyTimeoutError())
  }

  /** Closes the connection; who waits for an answer on it hears why there is none. */
  fail(error: Error): void {
    const { exchange } = this
    this.exchange = null
    this.#socket.destroy()
    this.#owner.gone(this)
    exchange?.handler.onResponseError?.(exchange, error)
  }

  #ended(): void {
    if (this.#head?.framing === 'close') this.#whole(0)
    else this.fail(this.#error ?? new errors.SocketError('other side closed'))
  }

  #read(bytes: Buffer): void {
    // Bytes that nobody asked for would be taken for the next answer.
    if (this.exchange === null) return this.fail(garbled('bytes without a request'))
    // A head that comes drop by drop gets no more time than one that does not come.
    if (this.#head !== null) this.#since = this.#owner.tick
    try {
      let rest: Buffer | null = bytes
      while (rest !== null && this.exchange !== null) {
        rest = this.#head === null ? this.#readHead(rest) : this.#readBody(this.#head, rest)
      }
    } catch (error) {
      this.fail(error instanceof Error ? error : garbled(String(error)))
    }
  }

  /** What follows the head; null while there is nothing more to read. */
  #readHead(bytes: Buffer): Buffer | null {
    const all = this.#partial === null ? bytes : Buffer.concat([this.#partial, bytes])
    const end = all.indexOf(HEAD_END)
    if ((end === -1 ? all.length : end) > MAX_HEAD_BYTES) throw new errors.HeadersOverflowError()
    if (end === -1) {
      if (!mayBeAnswer(all)) throw garbled('beginning')
      this.#partial = all
      return null
    }
    this.#partial = null
    const head = readAnswerHead(all.toString('latin1', 0, end))
    const rest = end + 4 < all.length ? all.subarray(end + 4) : null
    // Informational answers announce the real one.
    if (head.status < 200) return rest
    this.#head = head
    this.#since = this.#owner.tick
    this.#left = typeof head.framing === 'number' ? head.framing : 0
    this.#chunks = head.framing === 'chunked' ? new ChunkReader() : null
    const { exchange } = this
    exchange?.handler.onResponseStart?.(exchange, head.status, head.headers)
    if (head.framing === 0) this.#whole(rest?.length ?? 0)
    return rest
  }

  #readBody({ framing }: AnswerHead, bytes: Buffer): null {
    if (framing === 'close') this.#take(bytes)
    else if (this.#chunks !== null) {
      const { length } = bytes
      const end = this.#chunks.read(bytes, this.#take)
      if (this.#chunks?.over) this.#whole(length - end)
    } else {
      const mine = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
      this.#left -= mine.length
      this.#take(mine)
      if (this.#left === 0) this.#whole(bytes.length - mine.length)
    }
    return null
  }

  /** The answer is complete; `extra` bytes came behind it, and nobody knows whose they are. */
  #whole(extra: number): void {
    const { exchange } = this
    // The one who waited may have given up in the middle of these bytes.
    if (exchange === null) return
    const keepMs = this.#head?.keepMs ?? 0
    this.exchange = null
    this.#head = null
    this.#chunks = null
    if (exchange.paused) this.#socket.resume()
    // A provider that answers before it has read everything leaves the rest of the request on the way.
    if (extra === 0 && keepMs > 0 && this.#socket.writableLength === 0) this.#owner.free(this, keepMs)
    else {
      this.#socket.destroy()
      this.#owner.gone(this)
    }
    exchange.handler.onResponseEnd?.(exchange, {})
  }
}
