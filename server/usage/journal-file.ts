import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { UsageEntry, UsageIntent } from './usage-entry.ts'

/** One line of a segment: CRC-32 in 8 hex digits, a letter for the kind, JSON, line feed. */
export type JournalRecord =
  | { readonly kind: 'intent'; readonly intent: UsageIntent }
  | { readonly kind: 'end'; readonly entry: UsageEntry }
  | typeof DAMAGED

const DAMAGED = { kind: 'damaged' } as const

const CHECK = 8
const INTENT = 0x49
const END = 0x45
const LINE_FEED = 0x0a
const SEGMENT = /^segment-(\d{10})\.log$/

export const segmentName = (number: number): string => `segment-${String(number).padStart(10, '0')}.log`

/** The numbers of the segments in a directory, oldest first. */
export function listSegments(directory: string): readonly number[] {
  const numbers = readdirSync(directory).flatMap((name) => SEGMENT.exec(name)?.[1] ?? [])
  return numbers.map(Number).toSorted((a, b) => a - b)
}

const HEX = Buffer.from('0123456789abcdef')

/** Writes one record into `target` and answers its length, or -1 when it does not fit. */
export function encodeRecord(target: Buffer, kind: 'intent' | 'end', value: UsageIntent | UsageEntry): number {
  const text = JSON.stringify(value)
  // A UTF-16 unit takes at most three bytes.
  if (CHECK + 2 + text.length * 3 > target.length) return -1
  target[CHECK] = kind === 'intent' ? INTENT : END
  const end = CHECK + 1 + target.write(text, CHECK + 1)
  target[end] = LINE_FEED
  let check = crc32(target.subarray(CHECK, end))
  for (let index = CHECK - 1; index >= 0; index--) {
    target[index] = HEX[check & 15] ?? 0
    check >>>= 4
  }
  return end + 1
}

/** The records of a segment. A torn or damaged line takes only its own place: what follows it is still good. */
export function* readSegment(path: string): Generator<JournalRecord, undefined> {
  const bytes = readFileSync(path)
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, start)
    const end = found === -1 ? bytes.length : found
    // Empty lines are what a probe of the disk leaves, and zeros the room that was not needed.
    if (end > start && bytes[start] !== 0) yield found === -1 ? DAMAGED : decodeRecord(bytes.subarray(start, end))
    start = end + 1
  }
}

function decodeRecord(line: Buffer): JournalRecord {
  if (line.length < CHECK + 2) return DAMAGED
  const check = Number.parseInt(line.toString('latin1', 0, CHECK), 16)
  if (crc32(line.subarray(CHECK)) !== check) return DAMAGED
  // The checksum is right: these are bytes that this program wrote.
  const value = JSON.parse(line.toString('utf8', CHECK + 1))
  return line[CHECK] === INTENT ? { kind: 'intent', intent: value } : { kind: 'end', entry: value }
}

/** The segments of a directory as paths, oldest first. */
export const segmentPaths = (directory: string): readonly string[] =>
  listSegments(directory).map((number) => join(directory, segmentName(number)))
