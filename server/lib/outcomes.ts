const SPAN_MS = 3_000
const SPANS = 10

/** How many requests went well and how many did not, in the last 27 to 30 seconds. Its size does not depend on them. */
export class Outcomes {
  good = 0
  bad = 0
  readonly #good = new Float64Array(SPANS)
  readonly #bad = new Float64Array(SPANS)
  /** The number of the span that is counted now. */
  #span = 0

  /** Counts one; `now` in milliseconds that only move forward. */
  add(isBad: boolean, now: number): void {
    this.#forgetOld(now)
    const at = this.#span % SPANS
    const counts = isBad ? this.#bad : this.#good
    counts[at] = (counts[at] ?? 0) + 1
    if (isBad) this.bad++
    else this.good++
  }

  forgetAll(): void {
    for (let at = 0; at < SPANS; at++) this.#forgetSpan(at)
  }

  #forgetOld(now: number): void {
    const span = Math.floor(now / SPAN_MS)
    if (span - this.#span >= SPANS) this.forgetAll()
    else while (this.#span < span) this.#forgetSpan(++this.#span % SPANS)
    this.#span = span
  }

  #forgetSpan(at: number): void {
    this.good -= this.#good[at] ?? 0
    this.bad -= this.#bad[at] ?? 0
    this.#good[at] = 0
    this.#bad[at] = 0
  }
}
