import { closeSync, fdatasync, ftruncateSync, mkdirSync, unlink, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Batch } from './batch.ts'
import { encodeRecord, listSegments, segmentName, segmentPaths } from './journal-file.ts'
import type { JournalSettings } from './journal-settings.ts'
import { Queue } from './queue.ts'
import { createSegment, type Segment, trySync } from './segment.ts'
import { type Begun, JournalFailure, Together } from './together.ts'
import type { UsageEntry, UsageIntent } from './usage-entry.ts'

const SEGMENT_BYTES = 4 * 1024 * 1024
// Some 200 bytes each; what is beyond that is read from the disk again, which takes more memory and time than it saves.
const MAX_QUEUED = 100_000
const RECORD_BYTES = 64 * 1024
const SYNC_INTERVAL_MS = 50
const PROBE_INTERVAL_MS = 1_000

/**
 * The append-only record of `/work` requests on this machine's disk. A record is with the operating system when the
 * call returns, so `kill -9` loses nothing; the disk has it at most 50 ms later (`always`: when `synced` resolves).
 */
export class Journal {
  /** Segments of earlier runs, oldest first. */
  readonly leftOver: readonly string[]
  /** Ended requests; the flusher takes them from the front. */
  readonly queue = new Queue()
  readonly #settings: JournalSettings
  readonly #segments = new Set<Segment>()
  readonly #buffer = Buffer.allocUnsafe(RECORD_BYTES)
  readonly #timers: readonly NodeJS.Timeout[]
  #number: number
  #current: Segment | null = null
  #failing = false
  #dirty = false
  #syncing = false
  #waiting: (() => void)[] = []
  readonly #together: Together

  constructor(settings: JournalSettings) {
    this.#settings = settings
    mkdirSync(settings.directory, { recursive: true, mode: 0o700 })
    this.leftOver = segmentPaths(settings.directory)
    this.#number = listSegments(settings.directory).at(-1) ?? 0
    this.#together = new Together({
      append: (bytes, length) => this.#append(this.#open(), bytes, length),
      ended: (entry, segment, intent) => this.#ended(entry, segment, intent),
      begin: (intent) => this.begin(intent),
      end: (entry, intent) => this.end(entry, intent),
    })
    this.#timers = [
      setInterval(() => this.#sync(), SYNC_INTERVAL_MS).unref(),
      setInterval(() => this.#probe(), PROBE_INTERVAL_MS).unref(),
    ]
  }

  /** False while the disk refuses records. */
  get healthy(): boolean {
    return !this.#failing
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
    if (this.#settings.sync === 'group') return null
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#sync()
    })
  }

  /** Takes note that the database has a batch of the queue. */
  stored(batch: Batch): void {
    this.queue.drop(batch)
    for (const [segment, count] of batch.segments) {
      segment.unstored = Math.max(0, segment.unstored - count)
      this.#deleteIfDone(segment)
    }
    for (const [intent, count] of batch.intents) {
      intent.openIntents -= count
      this.#deleteIfDone(intent)
    }
  }

  /** A finished segment with ends that only the file still has; null when there is none. */
  takeSpilled(): Segment | null {
    if (this.#current?.spilled) this.#rotate()
    for (const segment of this.#segments) if (segment.spilled && segment.closed) return segment
    return null
  }

  /** Takes note that the database has every end of this segment. */
  storedAll(segment: Segment): void {
    segment.spilled = false
    segment.unstored = 0
    this.#deleteIfDone(segment)
  }

  /** Closes the files; deletes those with nothing left to say. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#together.flush()
    this.#rotate()
    for (const segment of this.#segments) this.#deleteIfDone(segment)
  }

  #ended(entry: UsageEntry, segment: Segment, intent: Segment | null): void {
    segment.unstored++
    this.#settings.measure?.(entry)
    if (intent) {
      intent.openIntents--
      this.#deleteIfDone(intent)
    }
    if (this.queue.length >= (this.#settings.maxQueued ?? MAX_QUEUED)) segment.spilled = true
    else this.queue.add(entry, segment, null)
  }

  #write(kind: 'intent' | 'end', value: UsageIntent | UsageEntry): Segment {
    const segment = this.#open()
    const length = encodeRecord(this.#buffer, kind, value)
    if (length === -1) throw new JournalFailure('the record is too long')
    return this.#append(segment, this.#buffer, length)
  }

  #append(segment: Segment, bytes: Buffer, length: number): Segment {
    let written = 0
    let cause: unknown
    try {
      while (written < length) {
        const count = writeSync(segment.fd, bytes, written, length - written, segment.size + written)
        if (count === 0) break
        written += count
      }
    } catch (error) {
      cause = error
    }
    if (written < length) throw this.#fail(segment, cause)
    segment.size += length
    this.#dirty = true
    if (this.#failing) this.#settings.log.info('the usage journal can be written again')
    this.#failing = false
    return segment
  }

  #fail(segment: Segment, cause: unknown): JournalFailure {
    if (!this.#failing) this.#settings.log.error({ err: cause }, 'the usage journal cannot be written')
    this.#failing = true
    try {
      // The next record must not continue a torn line.
      ftruncateSync(segment.fd, segment.size)
    } catch {
      this.#rotate()
    }
    return new JournalFailure('the usage journal cannot be written', { cause })
  }

  #open(): Segment {
    // Here and not after a record: until its caller has counted it, a segment must not look done.
    if (this.#current && this.#current.size >= (this.#settings.segmentBytes ?? SEGMENT_BYTES)) this.#rotate()
    if (this.#current) return this.#current
    const path = join(this.#settings.directory, segmentName(this.#number + 1))
    try {
      this.#current = createSegment(path, this.#settings.segmentBytes ?? SEGMENT_BYTES)
      this.#number++
      this.#segments.add(this.#current)
      return this.#current
    } catch (cause) {
      if (!this.#failing) this.#settings.log.error({ err: cause }, 'the usage journal cannot be opened')
      this.#failing = true
      throw new JournalFailure('the usage journal cannot be opened', { cause })
    }
  }

  #rotate(): void {
    const segment = this.#current
    if (!segment) return
    this.#current = null
    segment.closed = true
    const closed = (error: unknown) => {
      if (error) this.#settings.log.error({ err: error }, 'the usage journal could not be synced')
      closeSync(segment.fd)
    }
    // Those who wait for `synced` wait for what is in this file as well.
    if (this.#settings.sync === 'always') closed(trySync(segment.fd))
    else fdatasync(segment.fd, closed)
    this.#deleteIfDone(segment)
  }

  #sync(): void {
    const segment = this.#current
    if (this.#syncing || (!this.#dirty && this.#waiting.length === 0)) return
    const waiting = this.#waiting
    this.#waiting = []
    this.#dirty = false
    if (!segment) {
      for (const resolve of waiting) resolve()
      return
    }
    this.#syncing = true
    fdatasync(segment.fd, (error) => {
      this.#syncing = false
      if (error && !segment.closed) this.#fail(segment, error)
      for (const resolve of waiting) resolve()
      if (this.#waiting.length > 0) this.#sync()
    })
  }

  /** While the disk fails nothing is admitted, so nothing would notice that it works again. */
  #probe(): void {
    if (!this.#failing) return
    try {
      const segment = this.#open()
      this.#append(segment, Buffer.alloc(RECORD_BYTES, '\n'), RECORD_BYTES)
    } catch {
      // It still fails; `healthy` says so.
    }
  }

  #deleteIfDone(segment: Segment): void {
    if (!segment.closed || segment.openIntents > 0 || segment.unstored > 0) return
    this.#segments.delete(segment)
    unlink(segment.path, () => undefined)
  }
}
