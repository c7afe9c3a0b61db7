import type { Limit } from './limit.ts'

/**
 * Why a request may not pass a limit. `impossible`: it may take more than the limit allows even where nothing is used.
 * `unavailable`: nobody can tell, the database is away.
 */
export type LimitReason = 'reached' | 'impossible' | 'unpriced' | 'unavailable'

/** Thrown instead of a reservation. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached'
  readonly limit: Limit
  readonly reason: LimitReason
  /** When the limit starts anew (epoch ms); null: never, or as soon as a request ends. */
  readonly resetsAt: number | null
  /** What it allows. */
  readonly allowed: number

  constructor(limit: Limit, reason: LimitReason, resetsAt: number | null, allowed: number) {
    // A flood of these must stay cheap.
    const stack = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(`limit ${limit.id}: ${reason}`)
    Error.stackTraceLimit = stack
    this.limit = limit
    this.reason = reason
    this.resetsAt = resetsAt
    this.allowed = allowed
  }
}
