import type { Batch } from './batch.ts'
import { encodeRecord } from './journal-file.ts'
import type { JournalSettings } from './journal-settings.ts'
import { Queue } from './queue.ts'
import type { Segment } from './segment.ts'
import { JournalFailure, Segments } from './segments.ts'
import { type Begun, Together } from './together.ts'
import type { UsageEntry, UsageIntent } from './usage-entry.ts'

// Some 200 bytes each; what is beyond that is read from the disk again, which takes more memory and time than it saves.
const MAX_QUEUED = 100_000
const RECORD_BYTES = 64 * 1024

/**
 * The append-only record of `/work` requests on this machine's disk. A record is with the operating system when the
 * call returns, so `kill -9` loses nothing; the disk has it at most 50 ms later (`always`: when `synced` resolves).
 */
export class Journal {
  /** Ended requests; the flusher takes them from the front. */
  readonly queue = new Queue()
  readonly #settings: JournalSettings
  readonly #segments: Segments
  readonly #buffer = Buffer.allocUnsafe(RECORD_BYTES)
  readonly #together: Together

  constructor(settings: JournalSettings) {
    this.#settings = settings
    this.#segments = new Segments(settings)
    this.#together = new Together({
      append: (bytes, length) => this.#segments.append(bytes, length),
      ended: (entry, segment, intent) => this.#ended(entry, segment, intent),
      begin: (intent) => this.begin(intent),
      end: (entry, intent) => this.end(entry, intent),
    })
  }

  /** False while the disk refuses records. */
  get healthy(): boolean {
    return this.#segments.healthy
  }

  /** Segments of earlier runs, oldest first. */
  get leftOver(): readonly string[] {
    return this.#segments.leftOver
  }

  /** Records that a request is about to reach a provider. Throws `JournalFailure`: then it must not. */
  begin(intent: UsageIntent): Segment {
    const segment = this.#write('intent', intent)
    segment.openIntents++
    return segment
  }

  /** As `begin`, in one write with what else this turn of the event loop records, where records come together. */
  beginSoon(intent: UsageIntent, done: Begun): void {
    this.#together.add({ intent, done })
  }

  /** As `end`; `done` is called when it is written. */
  endSoon(entry: UsageEntry, segment: Segment | null, done: () => void): void {
    this.#together.add({ entry, segment, done })
  }

  /** Records how a request ended; `intent` is what `begin` answered, null for one that was refused. Never throws. */
  end(entry: UsageEntry, intent: Segment | null): void {
    try {
      this.#ended(entry, this.#write('end', entry), intent)
    } catch {
      this.#settings.measure?.(entry)
      // The intent is on disk and stays there until the database has this entry: it cannot be lost or counted twice.
      this.queue.add(entry, null, intent)
    }
  }

  /** Resolves when everything written so far is on the disk itself; null when nobody has to wait. */
  synced(): Promise<void> | null {
    return this.#settings.sync === 'group' ? null : this.#segments.synced()
  }

  /** Takes note that the database has a batch of the queue. */
  stored(batch: Batch): void {
    this.queue.drop(batch)
    for (const [segment, count] of batch.segments) {
      segment.unstored = Math.max(0, segment.unstored - count)
      this.#segments.deleteIfDone(segment)
    }
    for (const [intent, count] of batch.intents) {
      intent.openIntents -= count
      this.#segments.deleteIfDone(intent)
    }
  }

  /** A finished segment with ends that only the file still has; null when there is none. */
  takeSpilled(): Segment | null {
    return this.#segments.takeSpilled()
  }

  /** Takes note that the database has every end of this segment. */
  storedAll(segment: Segment): void {
    segment.spilled = false
    segment.unstored = 0
    this.#segments.deleteIfDone(segment)
  }

  /** Closes the files; deletes those with nothing left to say. */
  close(): void {
    this.#together.flush()
    this.#segments.close()
  }

  #ended(entry: UsageEntry, segment: Segment, intent: Segment | null): void {
    segment.unstored++
    this.#settings.measure?.(entry)
    if (intent) {
      intent.openIntents--
      this.#segments.deleteIfDone(intent)
    }
    if (this.queue.length >= (this.#settings.maxQueued ?? MAX_QUEUED)) segment.spilled = true
    else this.queue.add(entry, segment, null)
  }

  #write(kind: 'intent' | 'end', value: UsageIntent | UsageEntry): Segment {
    const length = encodeRecord(this.#buffer, kind, value)
    if (length === -1) throw new JournalFailure('the record is too long')
    return this.#segments.append(this.#buffer, length)
  }
}
