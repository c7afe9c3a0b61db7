import type { Held } from '../limits/held.ts'
import type { Call } from './call.ts'
import type { KeepingAnswer } from './keeping-answer.ts'
import type { Route } from './route.ts'
import type { Asking } from './steps/lease.ts'
import type { Turn } from './turn.ts'

/** What was decided: who asks whom for what. */
export type Plan = Asking & {
  readonly call: Call
  readonly route: Route
  /** Who is asked first. */
  readonly turn: Turn
  /** What it holds of the limits that concern it. */
  readonly held: Held
  /** Sees the answer pass and keeps it; null: it is not to be given again. */
  readonly keeping: KeepingAnswer | null
}
