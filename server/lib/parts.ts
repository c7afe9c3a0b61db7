import type { Config } from '../config.ts'
import type { Breakers } from './breaker.ts'
import type { Follower } from './change.ts'
import type { Changes } from './changes.ts'
import type { Clock } from './clock.ts'
import type { Db } from './db.ts'
import type { Keyring } from './keyring.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Outgoing } from './outgoing.ts'
import type { Random } from './random.ts'
import type { Signals } from './signals.ts'

/** What the process is made of; `main.ts` builds it once, everything else is handed it. */
export type Parts = {
  readonly config: Config
  readonly db: Db
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  readonly keyring: Keyring
  readonly outgoing: Outgoing
  readonly changes: Changes
  /** What later domains add to the changes of earlier ones. */
  readonly followers: readonly Follower[]
  readonly signals: Signals
  readonly metrics: Metrics
  /** Of the providers, as this process has found them. */
  readonly breakers: Breakers
}
