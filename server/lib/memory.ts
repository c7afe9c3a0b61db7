import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What a request and its answer take outside the heap, per byte of its body: the pieces it came in, and the whole. */
const TIMES = 3
const YOUNG_BYTES = 24 * 1024 * 1024

let collector: NodeJS.GCFunction | null = null
let sinceBytes = 0

/**
 * Gives back what starting up took, and keeps what requests leave behind small from here on. Starting leaves a heap
 * twice as large as what lives in it, and a young generation that grows to tens of MB is no faster here: nearly
 * everything in it is dead by the time its request is over. Call it once, before anybody is served: it takes 0.1 s.
 */
export function settleMemory(): void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  if (typeof gc !== 'function') return
  collector = (options) => gc(options)
  collector({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  setFlagsFromString('--semi-space-growth-factor=1')
  // Entries wait for the database long enough to grow old: their remains are looked for before the heap has doubled.
  setFlagsFromString('--heap-growing-percent=30')
}

/**
 * Takes note of a large body. Its bytes lie outside the heap, where they fill memory long before the young generation
 * is full: V8 would then mark the whole heap again and again, which costs ten times as much as looking at the young.
 */
export function noteLargeBody(bytes: number): void {
  sinceBytes += bytes * TIMES
  if (sinceBytes < YOUNG_BYTES) return
  sinceBytes = 0
  collector?.({ type: 'minor', execution: 'sync' })
}
