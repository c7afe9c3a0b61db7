const SMALLEST_BYTES = 128 * 1024
const LARGEST_BYTES = 4 * 1024 * 1024
const KEPT_BYTES = 8 * 1024 * 1024

/**
 * Memory for bodies that come in pieces, used again and again. A buffer of its own for each would lie outside the heap
 * and live just long enough to grow old there: V8 would mark the whole heap every few hundred requests to be rid of
 * them, which costs more than all else that is done for a long prompt.
 */
export class BodyBuffers {
  readonly #keptBytes: number
  readonly #free = new Map<number, Buffer[]>()
  #freeBytes = 0

  /** `keptBytes` 0: every buffer is new. */
  constructor(keptBytes = KEPT_BYTES) {
    this.#keptBytes = keptBytes
  }

  /** A buffer of at least so many bytes. What is in it is somebody else's: only what was written to it may be shown. */
  take(bytes: number): Buffer {
    let size = SMALLEST_BYTES
    while (size < bytes) size *= 2
    const kept = this.#free.get(size)?.pop()
    if (kept === undefined) return Buffer.allocUnsafeSlow(size)
    this.#freeBytes -= size
    return kept
  }

  /** Takes a buffer back. Nobody may read or write it from here on, not even the operating system. */
  give(buffer: Buffer): void {
    const size = buffer.length
    if (size > LARGEST_BYTES || this.#freeBytes + size > this.#keptBytes) return
    this.#freeBytes += size
    const free = this.#free.get(size)
    if (free) free.push(buffer)
    else this.#free.set(size, [buffer])
  }
}
