import type { LimitReached } from './limit-reached.ts'
import type { Reservation } from './reservation.ts'

type Waiter = {
  readonly need: number
  readonly resolve: (reservation: Reservation) => void
  readonly reject: (error: LimitReached) => void
}

/** Requests that wait for a limit, first come first served. */
export class Line {
  #waiters: readonly Waiter[] = []

  get isEmpty(): boolean {
    return this.#waiters.length === 0
  }

  /** What the first one needs; 0: nobody waits. */
  get need(): number {
    return this.#waiters[0]?.need ?? 0
  }

  /** What all of them need. */
  get demand(): number {
    return this.#waiters.reduce((sum, { need }) => sum + need, 0)
  }

  join(need: number): Promise<Reservation> {
    return new Promise((resolve, reject) => {
      this.#waiters = [...this.#waiters, { need, resolve, reject }]
    })
  }

  /** Serves them in their order while `take` has enough. True when somebody got what he waited for. */
  serve(take: (need: number) => Reservation | null): boolean {
    let served = 0
    for (const { need, resolve } of this.#waiters) {
      const reservation = take(need)
      if (!reservation) break
      resolve(reservation)
      served++
    }
    this.#waiters = this.#waiters.slice(served)
    return served > 0
  }

  /** Sends away everybody who needs no less than this. */
  refuse(need: number, error: LimitReached): void {
    const refused = this.#waiters.filter((waiter) => waiter.need >= need)
    this.#waiters = this.#waiters.filter((waiter) => waiter.need < need)
    for (const waiter of refused) waiter.reject(error)
  }
}
