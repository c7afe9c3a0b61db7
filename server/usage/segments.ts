import { closeSync, fdatasync, ftruncateSync, mkdirSync, unlink, writeSync } from 'node:fs'
import { join } from 'node:path'
import { listSegments, segmentName, segmentPaths } from './journal-file.ts'
import type { JournalSettings } from './journal-settings.ts'
import { createSegment, type Segment, trySync } from './segment.ts'

const SEGMENT_BYTES = 4 * 1024 * 1024
const SYNC_INTERVAL_MS = 50
const PROBE_INTERVAL_MS = 1_000
/** More than one page of a file: a disk that is full shall not take it by chance. */
const PROBE = Buffer.alloc(64 * 1024, '\n')

/** The disk does not take records: nothing may be admitted. */
export class JournalFailure extends Error {
  override readonly name = 'JournalFailure'
}

/** The files of the journal. One is written to at a time; a full one stays until the database has what it says. */
export class Segments {
  /** Those of earlier runs, oldest first. */
  readonly leftOver: readonly string[]
  readonly #settings: JournalSettings
  readonly #all = new Set<Segment>()
  readonly #timers: readonly NodeJS.Timeout[]
  #number: number
  #current: Segment | null = null
  #failing = false
  #dirty = false
  #syncing = false
  #waiting: (() => void)[] = []

  constructor(settings: JournalSettings) {
    this.#settings = settings
    mkdirSync(settings.directory, { recursive: true, mode: 0o700 })
    this.leftOver = segmentPaths(settings.directory)
    this.#number = listSegments(settings.directory).at(-1) ?? 0
    this.#timers = [
      setInterval(() => this.#sync(), SYNC_INTERVAL_MS).unref(),
      setInterval(() => this.#probe(), PROBE_INTERVAL_MS).unref(),
    ]
  }

  /** False while the disk refuses records. */
  get healthy(): boolean {
    return !this.#failing
  }

  /** Writes so many bytes, which are whole records, and answers where. Throws `JournalFailure`: then none is written. */
  append(bytes: Buffer, length: number): Segment {
    const segment = this.#open()
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

  /** Resolves when everything written so far is on the disk itself. */
  synced(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#sync()
    })
  }

  /** A finished one with ends that only the file still has; null when there is none. */
  takeSpilled(): Segment | null {
    if (this.#current?.spilled) this.#rotate()
    for (const segment of this.#all) if (segment.spilled && segment.closed) return segment
    return null
  }

  /** Deletes one that is finished and has nothing left to say. */
  deleteIfDone(segment: Segment): void {
    if (!segment.closed || segment.openIntents > 0 || segment.unstored > 0) return
    this.#all.delete(segment)
    unlink(segment.path, () => undefined)
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#rotate()
    for (const segment of this.#all) this.deleteIfDone(segment)
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
    const bytes = this.#settings.segmentBytes ?? SEGMENT_BYTES
    // Here and not after a record: until its caller has counted it, a segment must not look done.
    if (this.#current && this.#current.size >= bytes) this.#rotate()
    if (this.#current) return this.#current
    const path = join(this.#settings.directory, segmentName(this.#number + 1))
    try {
      this.#current = createSegment(path, bytes)
      this.#number++
      this.#all.add(this.#current)
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
    this.deleteIfDone(segment)
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
      this.append(PROBE, PROBE.length)
    } catch {
      // It still fails; `healthy` says so.
    }
  }
}
