/** Places for requests at one provider: so many at once, and as many again that wait for one, first come first served. */
export class Places {
  /** Null: no bound. */
  limit: number | null = null
  #taken = 0
  readonly #queue = new Set<() => void>()

  get taken(): number {
    return this.#taken
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** True: a place is taken. Whoever took it gives it back by `leave`. */
  take(): boolean {
    // Nobody passes those who wait.
    if (this.#queue.size > 0 || (this.limit !== null && this.#taken >= this.limit)) return false
    this.#taken++
    return true
  }

  /** False when too many wait already: they would only wait longer than their callers do. */
  get hasQueue(): boolean {
    return this.limit !== null && this.#queue.size < this.limit
  }

  /** Calls `taken` when there is a place for it. Answers how to give up waiting. */
  wait(taken: () => void): () => void {
    this.#queue.add(taken)
    return () => this.#queue.delete(taken)
  }

  leave(): void {
    this.#taken--
    this.#callNext()
  }

  /** After a change: more may be allowed now. */
  setLimit(limit: number | null): void {
    this.limit = limit
    this.#callNext()
  }

  #callNext(): void {
    for (const next of this.#queue) {
      if (this.limit !== null && this.#taken >= this.limit) return
      this.#queue.delete(next)
      this.#taken++
      next()
    }
  }
}
