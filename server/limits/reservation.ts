import type { Limit } from './limit.ts'
import type { Slice } from './slice.ts'

/** Whoever hands out reservations and hears when they are over. */
export type Gate = { readonly limit: Limit; returned(): void }

/** What one request holds of one limit. It is settled or given back, once. */
export class Reservation {
  readonly gate: Gate
  readonly need: number
  readonly #slice: Slice
  #over = false

  constructor(gate: Gate, slice: Slice, need: number) {
    this.gate = gate
    this.#slice = slice
    this.need = need
  }

  /** When the window it is of began (epoch ms). */
  get startsAt(): number {
    return this.#slice.startsAt
  }

  /** It was used, to this amount. */
  settle(used: number): void {
    if (this.#over) return
    this.#over = true
    this.#slice.settle(this.need, used)
    if (used < this.need) this.gate.returned()
  }

  /** It was not used. */
  release(): void {
    if (this.#over) return
    this.#over = true
    this.#slice.settle(this.need, 0)
    this.gate.returned()
  }
}
