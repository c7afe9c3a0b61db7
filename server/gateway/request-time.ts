/**
 * Where the time of a request goes: it is the gateway's own, but for what it waits for its caller to send, for a place
 * in a queue and for its provider. All in milliseconds of the monotonic clock unless the name says otherwise.
 */
export class RequestTime {
  readonly arrivedAt: number
  /** Of the waits that are over. */
  waitedMs = 0
  #waitsSince: number | null = null

  constructor(arrivedAt: number) {
    this.arrivedAt = arrivedAt
  }

  /** From now on it waits for somebody else. */
  waits(now: number): void {
    this.#waitsSince = now
  }

  /** What it waited for came. Does nothing where that is known. */
  goesOn(now: number): void {
    if (this.#waitsSince === null) return
    this.waitedMs += now - this.#waitsSince
    this.#waitsSince = null
  }

  /** Microseconds so far that were the gateway's own. */
  get ownUs(): number {
    const until = this.#waitsSince ?? performance.now()
    return Math.max(0, Math.round((until - this.arrivedAt - this.waitedMs) * 1000))
  }

  /** Milliseconds so far, whosever they were. */
  get totalMs(): number {
    return Math.round(performance.now() - this.arrivedAt)
  }
}
