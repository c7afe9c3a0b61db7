/** So many are remembered: of a provider with much to do the last moments, and never more memory than that. */
const KEPT = 100

/** How the last requests went, oldest first in a ring. */
export class Outcomes {
  bad = 0
  #size = 0
  #next = 0
  readonly #ats = new Float64Array(KEPT)
  readonly #areBad = new Uint8Array(KEPT)

  get good(): number {
    return this.#size - this.bad
  }

  /** Remembers one; `now` in milliseconds that only move forward. */
  add(isBad: boolean, now: number): void {
    if (this.#size === KEPT) this.#dropOldest()
    const value = isBad ? 1 : 0
    this.#ats[this.#next] = now
    this.#areBad[this.#next] = value
    this.#next = (this.#next + 1) % KEPT
    this.#size++
    this.bad += value
  }

  /** Forgets what was before this instant. */
  forgetBefore(instant: number): void {
    while (this.#size > 0 && (this.#ats[this.#oldest] ?? 0) < instant) this.#dropOldest()
  }

  forgetAll(): void {
    this.#size = 0
    this.bad = 0
  }

  get #oldest(): number {
    return (this.#next - this.#size + KEPT) % KEPT
  }

  #dropOldest(): void {
    this.bad -= this.#areBad[this.#oldest] ?? 0
    this.#size--
  }
}
