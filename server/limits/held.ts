import type { LimitMetric } from '../generated/prisma/enums.ts'
import type { Charge } from './charge.ts'
import type { Reservation } from './reservation.ts'

/** What a request turned out to use. Null: not known, and counted as nothing. */
export type Spent = { readonly tokens: number | null; readonly costMicros: number | null }

const NO_CHARGES: readonly Charge[] = []

/** Everything a request holds of the limits that concern it. Disposing gives back what was not settled. */
export class Held implements Disposable {
  readonly #node: string
  readonly #reservations: readonly Reservation[]

  constructor(node: string, reservations: readonly Reservation[]) {
    this.#node = node
    this.#reservations = reservations
  }

  /** True when no limit concerns it. */
  get isEmpty(): boolean {
    return this.#reservations.length === 0
  }

  /** What is used for certain once a provider is asked, whatever becomes of it: the request itself, and its prompt. */
  begun(prompt: Spent): readonly Charge[] {
    return this.#charges((metric) => (metric === 'TOKENS' ? prompt.tokens : prompt.costMicros) ?? 0)
  }

  /** Settles every reservation to what was used, and says what that is of which limit. */
  settle(spent: Spent): readonly Charge[] {
    if (this.isEmpty) return NO_CHARGES
    const charges = this.#charges((metric) => (metric === 'TOKENS' ? spent.tokens : spent.costMicros) ?? 0)
    const amounts = new Map(charges.map(({ limitId, amount }) => [limitId, amount]))
    for (const reservation of this.#countable()) reservation.settle(amounts.get(reservation.gate.limit.id) ?? 0)
    return charges.filter(({ amount }) => amount > 0)
  }

  [Symbol.dispose](): void {
    for (const reservation of this.#reservations) reservation.release()
  }

  #countable(): readonly Reservation[] {
    return this.#reservations.filter(({ gate }) => gate.limit.metric !== 'CONCURRENCY')
  }

  #charges(amountOf: (metric: LimitMetric) => number): readonly Charge[] {
    if (this.isEmpty) return NO_CHARGES
    return this.#countable().map(({ gate, startsAt: at }) => {
      const { id: limitId, metric } = gate.limit
      return { limitId, at, node: this.#node, amount: metric === 'REQUESTS' ? 1 : amountOf(metric) }
    })
  }
}

export const NOTHING_HELD = new Held('', [])
