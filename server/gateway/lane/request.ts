import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { CallerRequest } from '../call.ts'
import type { RequestHead } from './request-head.ts'

/** A request in the lane. Its body is not read before somebody asks for it, unless it came with the head. */
export class LaneRequest implements CallerRequest {
  readonly method = 'POST'
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly socket: Socket
  readonly whole: Buffer | null
  readonly #bodyBytes: number
  #left: number
  /** What the head came in. */
  readonly #first: Buffer
  /** What is of the body in it; null once that was handed on. */
  #early: Buffer | null
  #onData: ((chunk: Buffer) => void) | null = null
  readonly #onEnd: (() => void)[] = []
  readonly #onClose: (() => void)[] = []

  /** `bytes` begin with the head; what stands behind the body is not for this request. */
  constructor(socket: Socket, head: RequestHead, bytes: Buffer) {
    const early = bytes.subarray(head.end, head.end + head.bodyBytes)
    this.url = head.url
    this.headers = head.headers
    this.rawHeaders = head.rawHeaders
    this.socket = socket
    this.#bodyBytes = head.bodyBytes
    this.#left = head.bodyBytes - early.length
    this.#first = bytes
    this.#early = early.length > 0 ? early : null
    this.whole = this.#left === 0 ? early : null
    if (this.#left > 0) socket.pause()
  }

  get complete(): boolean {
    return this.#left === 0
  }

  on(_event: 'data', listener: (chunk: Buffer) => void): this {
    this.#onData = listener
    return this.resume()
  }

  once(event: 'end' | 'error' | 'close', listener: () => void): this {
    if (event === 'end') this.#onEnd.push(listener)
    else if (event === 'close') this.#onClose.push(listener)
    return this
  }

  off(_event: 'data', listener: (chunk: Buffer) => void): this {
    if (this.#onData === listener) this.#onData = null
    return this
  }

  resume(): this {
    const early = this.#early
    this.#early = null
    if (early) this.#handOn(early, this.#first)
    if (this.#left > 0) this.socket.resume()
    return this
  }

  /** Takes what belongs to the body; answers the rest. */
  take(bytes: Buffer): Buffer | null {
    const mine = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
    this.#left -= mine.length
    this.#handOn(mine, bytes)
    if (this.#left === 0) for (const listener of this.#onEnd) listener()
    return mine.length < bytes.length ? bytes.subarray(mine.length) : null
  }

  /**
   * Whoever listens keeps a piece that is the whole body and has copied any other. The memory of those goes back at once,
   * where nothing else is in it: it lies outside the heap, and V8 marks all of the heap for every 64 MB of it that wait
   * for a collection, which is for every few hundred long prompts. `bytes` are what the piece came in.
   */
  #handOn(piece: Buffer, { buffer, length }: Buffer): void {
    this.#onData?.(piece)
    const isAlone = length === buffer.byteLength && piece.byteOffset + piece.length === length
    if (isAlone && piece.length < this.#bodyBytes && buffer instanceof ArrayBuffer) buffer.transfer(0)
  }

  /** The connection is gone. */
  gone(): void {
    for (const listener of this.#onClose) listener()
  }
}
