import type { LeaseReport } from './leases.store.ts'

/**
 * What this process holds of one window of a limit. Everything it was given is in exactly one of three places: free to
 * take, promised to requests under way, or used but not in the database yet.
 */
export class Slice {
  readonly limitId: string
  readonly startsAt: number
  /** The first instant at which it no longer counts; the calendar may become another one. */
  endsAt = Number.POSITIVE_INFINITY
  idle = 0
  reserved = 0
  unstored = 0
  /** Of what was used, what the database is being told: it may count it already. */
  storing = 0
  /** What nobody held when the database was last asked. */
  available = 0
  allowed = 0
  /** Everything taken from it here and not given back. */
  taken = 0
  usedAt = 0
  /** True when the database does not know how much of each there is. */
  dirty = false

  constructor(limitId: string, startsAt: number) {
    this.limitId = limitId
    this.startsAt = startsAt
  }

  /** True when there was enough. */
  take(need: number, now: number): boolean {
    if (this.idle < need) return false
    this.idle -= need
    this.reserved += need
    this.taken += need
    this.usedAt = now
    this.dirty = true
    return true
  }

  /** Ends a reservation of `need`: `used` of it was used (it may be more than was reserved). */
  settle(need: number, used: number): void {
    this.reserved -= need
    this.unstored += used
    this.idle += need - used
    this.taken += used - need
    this.dirty = true
  }

  /** The database counts it now. */
  stored(amount: number): void {
    this.storing = Math.max(0, this.storing - amount)
    this.unstored = Math.max(0, this.unstored - amount)
    this.dirty = true
  }

  /** Parts with what is free. True when there was something. */
  giveBack(): boolean {
    if (this.idle <= 0) return false
    this.idle = 0
    this.dirty = true
    return true
  }

  /** When it starts anew (epoch ms); null: never. */
  get resetsAt(): number | null {
    return Number.isFinite(this.endsAt) ? this.endsAt : null
  }

  get isEmpty(): boolean {
    return this.idle <= 0 && this.reserved === 0 && this.unstored === 0
  }

  toReport(report: number): LeaseReport {
    const { limitId, startsAt, reserved, unstored } = this
    return { limitId, startsAt, idle: Math.max(0, this.idle), reserved, unstored, report }
  }
}
