import type { Config } from '../config.ts'
import type { Asking } from './address.ts'
import type { BreakerState, Breakers } from './breaker.ts'
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

/** What each process is made of: its `main.ts` builds it once, everything else is handed it. */
export type CommonParts = {
  readonly config: Config
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  readonly keyring: Keyring
  readonly outgoing: Outgoing
  readonly signals: Signals
  /** The address of a caller; null: not known. */
  readonly addressOf: (req: Asking) => string | null
}

/** What answers people is made of. */
export type Parts = CommonParts & {
  readonly db: Db
  /** Of the gateway of this node. */
  readonly changes: Pick<Changes, 'waitFor'>
  /** What later domains add to the changes of earlier ones. */
  readonly followers: readonly Follower[]
  /** Of a provider, as the gateway of this node has found it. */
  readonly breakerState: (providerId: string) => Promise<BreakerState>
}

/** What answers `/work` is made of. Prisma is not of it: with the first query it takes 40 MB. */
export type GatewayParts = CommonParts & {
  readonly db: Pick<Db, 'pool'>
  readonly changes: Changes
  readonly metrics: Metrics
  readonly breakers: Breakers
}
