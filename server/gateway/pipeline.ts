import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Parts } from '../lib/parts.ts'
import type { Leases } from '../limits/leases.ts'
import type { Journal } from '../usage/journal.ts'
import type { BodyBuffers } from './body-buffers.ts'
import type { Directory } from './directory.ts'
import type { Presences } from './presence.ts'
import type { ResponseCache } from './response-cache.ts'
import type { Admission } from './steps/admit.ts'
import type { Verifier } from './verify.ts'

/** What the steps of the pipeline work with. */
export type Pipeline = {
  readonly directory: Directory
  readonly responses: ResponseCache
  readonly journal: Journal
  readonly presences: Presences
  readonly admission: Admission
  readonly leases: Leases
  readonly clock: Clock
  readonly verify: Verifier
  readonly log: Logger
  readonly stalenessMs: number
  readonly maxBodyBytes: number
  readonly bodies: BodyBuffers
  readonly addressOf: Parts['addressOf']
}
