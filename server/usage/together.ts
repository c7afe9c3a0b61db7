import { encodeRecord } from './journal-file.ts'
import type { Segment } from './segment.ts'
import { JournalFailure } from './segments.ts'
import type { UsageEntry, UsageIntent } from './usage-entry.ts'

/** Hears where an intent is written, or why it is not. */
export type Begun = (segment: Segment | JournalFailure) => void

export type Waiting =
  | { readonly intent: UsageIntent; readonly done: Begun }
  | { readonly entry: UsageEntry; readonly segment: Segment | null; readonly done: () => void }

/** What the journal does for a group of records. */
type Writer = {
  /** Writes so many bytes of the buffer. Throws when the disk refuses them. */
  append(bytes: Buffer, length: number): Segment
  ended(entry: UsageEntry, segment: Segment, intent: Segment | null): void
  begin(intent: UsageIntent): Segment
  end(entry: UsageEntry, intent: Segment | null): void
}

const BYTES = 256 * 1024

/**
 * Collects the records of one turn of the event loop and writes them at once: many small writes cost more. Where they
 * come one at a time there is nothing to wait for.
 */
export class Together {
  readonly #writer: Writer
  readonly #buffer = Buffer.allocUnsafe(BYTES)
  #waiting: Waiting[] = []
  /** Records of this turn of the event loop. */
  #inTurn = 0
  /** So they came in the last turn that had any. */
  #oneAtATime = true

  constructor(writer: Writer) {
    this.#writer = writer
  }

  add(waiting: Waiting): void {
    this.#waiting.push(waiting)
    this.#inTurn++
    if (this.#inTurn > 1) return
    setImmediate(this.#endTurn)
    if (this.#oneAtATime) this.flush()
  }

  readonly #endTurn = () => {
    this.#oneAtATime = this.#inTurn === 1
    this.#inTurn = 0
    this.flush()
  }

  /** Writes what waits, and tells everybody. */
  flush(): void {
    const all = this.#waiting
    this.#waiting = []
    for (let from = 0; from < all.length; ) from = this.#writeSome(all, from)
  }

  /** Writes as many as fit at once; answers where to go on. */
  #writeSome(all: readonly Waiting[], from: number): number {
    let [length, to] = [0, from]
    for (let one = all[to]; one !== undefined; one = all[++to]) {
      const more = encode(this.#buffer.subarray(length), one)
      if (more === -1) break
      length += more
    }
    const some = all.slice(from, Math.max(to, from + 1))
    const segment = this.#append(length)
    if (segment === null) for (const one of some) this.#writeAlone(one)
    else this.#tell(some, segment)
    return from + some.length
  }

  /** Null when the disk does not take them together, or one is too long: each is then tried for itself. */
  #append(length: number): Segment | null {
    if (length === 0) return null
    try {
      return this.#writer.append(this.#buffer, length)
    } catch {
      return null
    }
  }

  #tell(some: readonly Waiting[], segment: Segment): void {
    // All are counted before anybody hears of it: a segment must not look done in between.
    for (const one of some) {
      if ('intent' in one) segment.openIntents++
      else this.#writer.ended(one.entry, segment, one.segment)
    }
    for (const one of some) {
      if ('intent' in one) one.done(segment)
      else one.done()
    }
  }

  #writeAlone(one: Waiting): void {
    if ('entry' in one) {
      this.#writer.end(one.entry, one.segment)
      return one.done()
    }
    let begun: Segment | JournalFailure
    try {
      begun = this.#writer.begin(one.intent)
    } catch (error) {
      begun = error instanceof JournalFailure ? error : new JournalFailure('it cannot be recorded', { cause: error })
    }
    one.done(begun)
  }
}

const encode = (room: Buffer, one: Waiting) =>
  'intent' in one ? encodeRecord(room, 'intent', one.intent) : encodeRecord(room, 'end', one.entry)
