import type { BodyBuffers } from './body-buffers.ts'

const EMPTY: Buffer = Buffer.alloc(0)

/** The body of a request while it arrives, and whole. Its bytes may be used until it is disposed. */
export class Body implements Disposable {
  /** Of the parts of a form; null for JSON. */
  readonly boundary: string | null
  /** Bytes so far. */
  size = 0
  readonly #buffers: BodyBuffers
  /** The one piece it came in. */
  #only: Buffer = EMPTY
  #joined: Buffer | null = null

  constructor(buffers: BodyBuffers, boundary: string | null) {
    this.boundary = boundary
    this.#buffers = buffers
  }

  get bytes(): Buffer {
    return this.#joined === null ? this.#only : this.#joined.subarray(0, this.size)
  }

  /** Takes the next piece; `expected` is how long the body is said to become. One that is shorter is copied. */
  add(piece: Buffer, expected: number): void {
    if (this.size === 0 && piece.length >= expected) this.#only = piece
    else this.#room(piece, expected).set(piece, this.size)
    this.size += piece.length
  }

  [Symbol.dispose](): void {
    const joined = this.#joined
    this.#joined = null
    this.#only = EMPTY
    this.size = 0
    if (joined !== null) this.#buffers.give(joined)
  }

  /** A buffer with what came so far and room for the next piece. It doubles: what is said need not come true. */
  #room(piece: Buffer, expected: number): Buffer {
    const before = this.#joined
    const needed = this.size + piece.length
    if (before !== null && needed <= before.length) return before
    const joined = this.#buffers.take(Math.max(needed, Math.min(expected, 2 * needed)))
    joined.set(this.bytes)
    this.#joined = joined
    this.#only = EMPTY
    if (before !== null) this.#buffers.give(before)
    return joined
  }
}
