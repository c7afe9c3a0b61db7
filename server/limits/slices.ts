import type { LeaseAnswer } from './leases.store.ts'
import type { Limit } from './limit.ts'
import { Slice } from './slice.ts'
import { SPANS, windowAt } from './window.ts'

/** The slice of a limit's window that is now, and those of earlier windows that are not settled yet. */
export class Slices {
  readonly #limitId: string
  readonly #old = new Set<Slice>()
  #slice: Slice | null = null
  /** How often the database was told of what was used. */
  stores = 0

  constructor(limitId: string) {
    this.#limitId = limitId
  }

  /** The one that counts at this instant; null: there is none yet. */
  current({ raisedUntil }: Limit, now: number): Slice | null {
    const slice = this.#slice
    if (!slice) return null
    // What was leased while the limit was raised is not all right any more once the raise is over.
    if (raisedUntil !== null && slice.usedAt < raisedUntil.getTime() && raisedUntil.getTime() <= now) {
      slice.giveBack()
      slice.usedAt = now
    }
    if (now < slice.endsAt) return slice
    this.#retire(slice)
    return null
  }

  /** The last one, even if its window is over. */
  get last(): Slice | null {
    return this.#slice
  }

  /** The one of the window that begins at this instant; it becomes the current one. */
  begin({ period }: Limit, startsAt: number, timeZone: string): Slice {
    if (this.#slice?.startsAt === startsAt) return this.#slice
    if (this.#slice) this.#retire(this.#slice)
    // A window that was begun before the database went away, or in another calendar, may go on.
    const slice = [...this.#old].find((old) => old.startsAt === startsAt) ?? new Slice(this.#limitId, startsAt)
    this.#old.delete(slice)
    const span = period ? SPANS[period] : undefined
    const endsAt = span === undefined ? windowAt(period, startsAt, timeZone)?.endsAt : startsAt + span
    slice.endsAt = endsAt ?? Number.POSITIVE_INFINITY
    this.#slice = slice
    return slice
  }

  /** Takes over what the database answered. */
  accept(limit: Limit, answer: LeaseAnswer, now: number, timeZone: string): void {
    const slice = this.begin(limit, answer.startsAt, timeZone)
    slice.idle += answer.granted
    slice.available = answer.available
    slice.allowed = answer.allowed
    slice.usedAt = now
    slice.dirty = true
  }

  /** The window is over before its time. */
  end(): void {
    if (this.#slice) this.#retire(this.#slice)
  }

  /** Every slice that still means something to the database. */
  all(): readonly Slice[] {
    for (const slice of this.#old) if (slice.isEmpty && !slice.dirty) this.#old.delete(slice)
    return this.#slice ? [this.#slice, ...this.#old] : [...this.#old]
  }

  /** The database is being told of this; a negative amount: it was not, after all. */
  storing(startsAt: number, amount: number): void {
    for (const slice of this.all()) if (slice.startsAt === startsAt) slice.storing += amount
  }

  /** The database counts this now. */
  stored(startsAt: number, amount: number): void {
    this.stores++
    for (const slice of this.all()) if (slice.startsAt === startsAt) slice.stored(amount)
  }

  #retire(slice: Slice): void {
    slice.giveBack()
    this.#old.add(slice)
    this.#slice = null
  }
}
