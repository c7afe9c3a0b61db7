import type { Logger } from '../lib/log.ts'
import type { Segment } from './segment.ts'
import type { UsageEntry } from './usage-entry.ts'

/** An ended request on its way to the database. `segment` is null when the disk refused its end. */
export type Queued = { readonly entry: UsageEntry; readonly segment: Segment | null; readonly intent: Segment | null }

export type JournalSettings = {
  readonly directory: string
  readonly sync: 'group' | 'always'
  readonly log: Logger
  readonly segmentBytes?: number
  readonly maxQueued?: number
}
