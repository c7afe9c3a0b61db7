import type { Logger } from '../lib/log.ts'
import type { MeterEntry } from './meter-entries.ts'

export type JournalSettings = {
  readonly directory: string
  readonly sync: 'group' | 'always'
  readonly log: Logger
  /** Hears of each request that ended. */
  readonly measure?: MeterEntry
  readonly segmentBytes?: number
  readonly maxQueued?: number
}
