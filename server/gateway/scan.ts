import { isUtf8 } from 'node:buffer'
import {
  broken,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  fullBudget,
  OPEN_BRACE,
  QUOTE,
  ScanFailure,
  skipBlank,
  skipColon,
  skipString,
  skipValue,
  tooComplex,
  withWords,
} from './scan-values.ts'

const MAX_MEMBERS = 10_000
const MAX_NAME_BYTES = 64

/** A member of the object that was scanned: where its value lies in the bytes, and what kind of value it is. */
export type Member = { readonly name: string; readonly start: number; readonly end: number; readonly kind: Kind }
export type Kind = 'string' | 'number' | 'object' | 'array' | 'true' | 'false' | 'null'

/** Where an object ends and the members that were asked for. `close` is the offset of the closing brace. */
export type Scanned = { readonly members: readonly Member[]; readonly open: number; readonly close: number }

const KINDS: Readonly<Record<number, Kind>> = {
  [QUOTE]: 'string',
  [OPEN_BRACE]: 'object',
  91: 'array',
  116: 'true',
  102: 'false',
  110: 'null',
}

/** What to look for: `names` maps a name to its canonical one or null, `mayBegin` says cheaply that it would be null. */
export type Wanted = {
  readonly names: (name: string) => string | null
  /** By the first two bytes of a name, both with the bit that makes a letter lower case. */
  readonly mayBegin: (first: number, second: number) => boolean
}

const kindAt = (bytes: Buffer, at: number): Kind => KINDS[bytes[at] ?? 0] ?? 'number'

const BACKSLASH = 0x5c
const LOWER = 0x20

/** The canonical name, or null for one that nobody asked for. Making a string of each name would cost most of a scan. */
function readName(bytes: Buffer, start: number, end: number, { names, mayBegin }: Wanted): string | null {
  if (end - start > MAX_NAME_BYTES * 6) return null
  let isEscaped = false
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) isEscaped = true
  if (isEscaped) return names(String(JSON.parse(`"${bytes.toString('latin1', start, end)}"`)))
  if (end - start > 1 && !mayBegin((bytes[start] ?? 0) | LOWER, (bytes[start + 1] ?? 0) | LOWER)) return null
  return names(bytes.toString('latin1', start, end))
}

const always = () => true

/**
 * Reads one JSON object from bytes that are known to be UTF-8, as strictly as `JSON.parse`, and answers the members
 * whose name `names` maps to a canonical one. A canonical name twice is `duplicate_key`: parsers differ in which of
 * two they believe. Linear in time; memory does not grow with the body.
 */
export function scanObject(bytes: Buffer, names: Wanted['names'], mayBegin: Wanted['mayBegin'] = always): Scanned {
  return withWords(bytes, () => scanMembers(bytes, { names, mayBegin }))
}

function scanMembers(bytes: Buffer, wanted: Wanted): Scanned {
  const open = skipBlank(bytes, 0)
  if (bytes[open] !== OPEN_BRACE) throw notAnObject(bytes, open)
  const budget = fullBudget()
  const members: Member[] = []
  let at = skipBlank(bytes, open + 1)
  const isEmpty = bytes[at] === CLOSE_BRACE
  for (let count = 0; !isEmpty; count++) {
    if (bytes[at] !== QUOTE) throw broken(at)
    if (count >= MAX_MEMBERS) throw tooComplex()
    const nameEnd = skipString(bytes, at + 1)
    const name = readName(bytes, at + 1, nameEnd - 1, wanted)
    const start = skipColon(bytes, nameEnd)
    const end = skipValue(bytes, start, budget)
    if (name !== null) addMember(members, { name, start, end, kind: kindAt(bytes, start) })
    at = skipBlank(bytes, end)
    if (bytes[at] === CLOSE_BRACE) break
    if (bytes[at] !== COMMA) throw broken(at)
    at = skipBlank(bytes, at + 1)
  }
  const rest = skipBlank(bytes, at + 1)
  if (rest !== bytes.length) throw broken(rest)
  return { members, open, close: at }
}

/** How many elements an array has that was scanned before; numbers are not looked at further, they count as one. */
export function countElements(bytes: Buffer, start: number): number {
  return withWords(bytes, () => {
    const budget = fullBudget()
    let count = 0
    let at = skipBlank(bytes, start + 1)
    if (bytes[at] === CLOSE_BRACKET) return 0
    if (kindAt(bytes, at) === 'number') return 1
    for (;;) {
      count++
      // A million of short texts would take twice as long as values of any kind.
      at = skipBlank(bytes, bytes[at] === QUOTE ? skipString(bytes, at + 1) : skipValue(bytes, at, budget))
      if (bytes[at] === CLOSE_BRACKET) return count
      at = skipBlank(bytes, at + 1)
    }
  })
}

function addMember(members: Member[], member: Member): void {
  if (members.some(({ name }) => name === member.name)) {
    throw new ScanFailure('duplicate_key', `The member ${member.name} occurs more than once.`, member.name)
  }
  members.push(member)
}

/** A valid JSON text of another type is another mistake than a broken one. */
function notAnObject(bytes: Buffer, at: number): ScanFailure {
  const end = skipBlank(bytes, skipValue(bytes, at, fullBudget()))
  return end === bytes.length ? new ScanFailure('invalid_body', 'The body must be a JSON object.') : broken(end)
}

/** Throws `invalid_json` for bytes that are not UTF-8 (overlong forms and surrogates included). */
export function checkUtf8(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new ScanFailure('invalid_json', 'The body is not valid UTF-8.')
}
