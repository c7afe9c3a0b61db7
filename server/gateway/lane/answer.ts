import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { CallerAnswer } from '../call.ts'

/** A short body leaves in one piece with what frames it: copying is cheaper than a second buffer for the system. */
const JOIN_BYTES = 16 * 1024
const EMPTY: Buffer = Buffer.alloc(0)
const LAST_CHUNK = '0\r\n\r\n'

/** Who hears of an answer's end. */
export type Owner = {
  readonly socket: Socket
  /** The end of every head: date, and whether the connection is kept. */
  readonly headEnd: (closing: boolean) => string
  answered(closing: boolean): void
}

/** An answer in the lane: the head waits for the first bytes of the body, and each write is one write. */
export class LaneAnswer implements CallerAnswer {
  headersSent = false
  finished = false
  /** Called once when the connection is gone before the answer is over. */
  #onClose: (() => void) | null = null
  #onDrain: (() => void) | null = null
  readonly #owner: Owner
  #gone = false
  #head = ''
  #chunked = false
  #closing = false

  constructor(owner: Owner) {
    this.#owner = owner
  }

  get destroyed(): boolean {
    return this.#gone
  }

  get socket(): Socket {
    return this.#owner.socket
  }

  writeHead(status: number, given: string[] | Record<string, string | number>): void {
    const headers = Array.isArray(given) ? given : Object.entries(given).flat().map(String)
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`
    let framed = status === 204 || status === 304
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = headers[at] ?? ''
      if (name === 'connection') {
        this.#closing = headers[at + 1] === 'close'
        continue
      }
      if (name === 'content-length') framed = true
      head += `${name}: ${headers[at + 1]}\r\n`
    }
    this.#chunked = !framed
    if (this.#chunked) head += 'transfer-encoding: chunked\r\n'
    this.#head = head + this.#owner.headEnd(this.#closing)
    this.headersSent = true
  }

  flushHeaders(): void {
    if (this.#head === '' || this.#gone) return
    const head = this.#head
    this.#head = ''
    this.socket.write(head, 'latin1')
  }

  write(bytes: Buffer): boolean {
    if (this.#gone || this.finished) return true
    return this.#chunked ? this.#put(`${bytes.length.toString(16)}\r\n`, bytes, '\r\n') : this.#put('', bytes, '')
  }

  end(given?: Buffer | string, sent?: () => void): void {
    if (this.#gone || this.finished) return
    const bytes = typeof given === 'string' ? Buffer.from(given) : (given ?? EMPTY)
    this.finished = true
    if (!this.#chunked) this.#put('', bytes, '', sent)
    else if (bytes.length === 0) this.#put('', EMPTY, LAST_CHUNK, sent)
    else this.#put(`${bytes.length.toString(16)}\r\n`, bytes, `\r\n${LAST_CHUNK}`, sent)
    this.#onClose = null
    this.#owner.answered(this.#closing)
  }

  once(event: 'close' | 'drain', listener: () => void): void {
    if (event === 'close') this.#onClose = listener
    else this.#onDrain = listener
  }

  destroy(): void {
    this.socket.destroy()
    this.gone()
  }

  drained(): void {
    const listener = this.#onDrain
    this.#onDrain = null
    listener?.()
  }

  gone(): void {
    this.#gone = true
    const listener = this.#onClose
    this.#onClose = null
    listener?.()
  }

  #put(before: string, bytes: Buffer, after: string, sent?: () => void): boolean {
    const { socket } = this
    const start = this.#head + before
    this.#head = ''
    if (bytes.length > JOIN_BYTES) {
      socket.cork()
      if (start !== '') socket.write(start, 'latin1')
      let room = after === '' ? socket.write(bytes, sent) : socket.write(bytes)
      if (after !== '') room = socket.write(after, 'latin1', sent)
      socket.uncork()
      return room
    }
    const all = Buffer.allocUnsafe(start.length + bytes.length + after.length)
    if (all.length === 0) return true
    all.write(start, 0, 'latin1')
    all.set(bytes, start.length)
    if (after !== '') all.write(after, start.length + bytes.length, 'latin1')
    return socket.write(all, sent)
  }
}
