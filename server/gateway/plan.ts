import type { Held } from '../limits/held.ts'
import type { Ask } from './ask.ts'
import type { Call } from './call.ts'
import type { SecretRow } from './directory.store.ts'
import type { KeepingAnswer } from './keeping-answer.ts'
import type { Prompt } from './prompt.ts'
import type { Route } from './route.ts'
import type { Turn } from './turn.ts'
import type { Upstream } from './upstream.ts'

/** What was decided: who asks whom for what. */
export type Plan = {
  readonly call: Call
  readonly route: Route
  readonly secret: SecretRow
  readonly upstream: Upstream
  readonly ask: Ask
  readonly prompt: Prompt
  /** What it holds of the limits that concern it. */
  readonly held: Held
  /** What lets it be asked now. */
  readonly turn: Turn
  /** Sees the answer pass and keeps it; null: it is not to be given again. */
  readonly keeping: KeepingAnswer | null
  /** Milliseconds in which the caller was still sending, or waiting for its turn. */
  readonly waitedMs: number
}
