import type { Segment } from '../../usage/segment.ts'
import { JournalFailure } from '../../usage/segments.ts'
import type { UsageIntent } from '../../usage/usage-entry.ts'
import type { Pipeline } from '../pipeline.ts'
import { Refusal } from '../refusal.ts'

/** Writes down that a request is about to be answered, as durably as the operator wants it. Rejects with a `Refusal`. */
export function beginEntry({ journal }: Pipeline, intent: UsageIntent): Promise<Segment> {
  return new Promise((resolve, reject) =>
    journal.beginSoon(intent, (begun) => {
      if (begun instanceof JournalFailure) return reject(new Refusal('accounting_unavailable'))
      const synced = journal.synced()
      if (synced) void synced.then(() => resolve(begun))
      else resolve(begun)
    }),
  )
}
