/** How fast a limit is used here. */
export class Pace {
  #since = 0
  #taken = 0

  taken(amount: number): void {
    this.#taken += amount
  }

  /** As much as half a second takes at the pace since `begin`; a few times `need` at least. */
  ahead(need: number, now: number): number {
    const seconds = Math.max(0.1, (now - this.#since) / 1000)
    return Math.ceil(Math.max(4 * need, Math.min(this.#taken / seconds, 1e12) / 2))
  }

  begin(now: number): void {
    this.#since = now
    this.#taken = 0
  }
}
