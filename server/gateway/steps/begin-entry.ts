import type { Segment } from '../../usage/segment.ts'
import { JournalFailure } from '../../usage/together.ts'
import type { UsageIntent } from '../../usage/usage-entry.ts'
import type { Pipeline } from '../pipeline.ts'
import { Refusal } from '../refusal.ts'

/** Writes down that a request is about to be answered, as durably as the operator wants it. Throws a `Refusal`. */
export async function beginEntry({ journal }: Pipeline, intent: UsageIntent): Promise<Segment> {
  const segment = await new Promise<Segment>((resolve, reject) =>
    journal.beginSoon(intent, (begun) =>
      begun instanceof JournalFailure ? reject(new Refusal('accounting_unavailable')) : resolve(begun),
    ),
  )
  const synced = journal.synced()
  if (synced) await synced
  return segment
}
