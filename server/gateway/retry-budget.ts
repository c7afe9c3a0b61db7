const SHARE = 0.2
const MOST = 5

/**
 * How often a provider may be asked a second time for the same request: at most one in five requests, so that what it
 * gets stays below 1.2 times what callers ask, however it fails. One is free, for a provider that is asked rarely.
 */
export class RetryBudget {
  #left = 1

  asked(): void {
    if (this.#left < MOST) this.#left += SHARE
  }

  /** True: once more is allowed. */
  take(): boolean {
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
