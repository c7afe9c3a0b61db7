import { Batch } from './batch.ts'
import type { Segment } from './segment.ts'
import type { UsageEntry } from './usage-entry.ts'

/** What the database does once for a batch costs as much as a hundred entries; many more would hold up requests. */
export const BATCH = 1_000

/** Ended requests that the database does not have yet, in batches, the oldest first. */
export class Queue {
  readonly #batches: Batch[] = []
  /** The last one, while it takes entries. */
  #open: Batch | null = null
  #length = 0
  /** Hears when so many wait that one more would begin another batch. */
  onFull: () => void = () => undefined

  /** Entries in all of them. */
  get length(): number {
    return this.#length
  }

  /** `segment` has its end on disk, null: the disk refused it; `intent` waits for the database to have it. */
  add(entry: UsageEntry, segment: Segment | null, intent: Segment | null): void {
    if (this.#open === null || this.#open.length >= BATCH) {
      this.#open = new Batch()
      this.#batches.push(this.#open)
    }
    this.#open.add(entry)
    this.#length++
    if (segment) count(this.#open.segments, segment)
    if (intent) count(this.#open.intents, intent)
    if (this.#open.length === BATCH) this.onFull()
  }

  /** The oldest batch, null when there is none; it takes no more entries and stays the oldest until it is dropped. */
  take(): Batch | null {
    const batch = this.#batches[0] ?? null
    if (batch === this.#open) this.#open = null
    return batch
  }

  drop(batch: Batch): void {
    const at = this.#batches.indexOf(batch)
    if (at === -1) return
    this.#batches.splice(at, 1)
    this.#length -= batch.length
  }
}

const count = (counts: Map<Segment, number>, segment: Segment) => counts.set(segment, (counts.get(segment) ?? 0) + 1)
