import { isUtf8 } from 'node:buffer'

/** A member of the object that was scanned: where its value lies in the bytes, and what kind of value it is. */
export type Member = { readonly name: string; readonly start: number; readonly end: number; readonly kind: Kind }
export type Kind = 'string' | 'number' | 'object' | 'array' | 'true' | 'false' | 'null'

/** Where an object ends and the members that were asked for. `close` is the offset of the closing brace. */
export type Scanned = { readonly members: readonly Member[]; readonly open: number; readonly close: number }

export type ScanCode = 'invalid_json' | 'invalid_body' | 'duplicate_key' | 'body_too_complex'

/** Bytes that are no acceptable JSON object. `message` is for the caller. */
export class ScanFailure extends Error {
  override readonly name = 'ScanFailure'
  readonly code: ScanCode
  readonly param: string | null
  constructor(code: ScanCode, message: string, param: string | null = null) {
    super(message)
    this.code = code
    this.param = param
  }
}

// Beyond these a body is an attack on whoever parses it: `[{},{},…]` takes twenty times its bytes as objects.
const MAX_DEPTH = 128
const MAX_CONTAINERS = 100_000
const MAX_VALUES = 1_000_000
const MAX_NAME_BYTES = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

// 1: an ordinary byte of a string. Quotes, backslashes and control characters end the run.
const PLAIN = new Uint8Array(256).fill(1, 0x20)
PLAIN[QUOTE] = 0
PLAIN[BACKSLASH] = 0

// 1: what may follow a backslash besides `u`.
const ESCAPED = new Uint8Array(256)
for (const letter of '"\\/bfnrt') ESCAPED[letter.charCodeAt(0)] = 1

const broken = (at: number) => new ScanFailure('invalid_json', `The body is not valid JSON (at byte ${at}).`)
const tooComplex = () => new ScanFailure('body_too_complex', 'The body is nested too deeply or has too many values.')

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39
const isHex = (byte: number | undefined) =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)

function skipBlank(bytes: Buffer, from: number): number {
  let at = from
  for (;;) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
    at++
  }
}

/** `from` is behind the opening quote; answers the offset behind the closing one. */
function skipString(bytes: Buffer, from: number): number {
  let at = from
  const length = bytes.length
  while (at < length) {
    const byte = bytes[at] ?? 0
    if (PLAIN[byte] === 1) at++
    else if (byte === QUOTE) return at + 1
    else if (byte === BACKSLASH) at = skipEscape(bytes, at + 1)
    else throw broken(at)
  }
  throw broken(at)
}

function skipEscape(bytes: Buffer, at: number): number {
  const byte = bytes[at] ?? 0
  if (ESCAPED[byte] === 1) return at + 1
  if (byte !== 0x75) throw broken(at)
  for (let hex = at + 1; hex < at + 5; hex++) if (!isHex(bytes[hex])) throw broken(hex)
  return at + 5
}

function skipDigits(bytes: Buffer, from: number): number {
  if (!isDigit(bytes[from])) throw broken(from)
  let at = from + 1
  while (isDigit(bytes[at])) at++
  return at
}

function skipNumber(bytes: Buffer, from: number): number {
  let at = bytes[from] === 0x2d ? from + 1 : from
  at = bytes[at] === 0x30 ? at + 1 : skipDigits(bytes, at)
  if (bytes[at] === 0x2e) at = skipDigits(bytes, at + 1)
  if (((bytes[at] ?? 0) | 0x20) !== 0x65) return at
  const sign = bytes[at + 1]
  return skipDigits(bytes, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1)
}

function skipWord(bytes: Buffer, from: number, word: string): number {
  for (let index = 0; index < word.length; index++) {
    if (bytes[from + index] !== word.charCodeAt(index)) throw broken(from + index)
  }
  return from + word.length
}

/** A string, number or word; containers are the caller's business. */
function skipScalar(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === QUOTE) return skipString(bytes, at + 1)
  if (byte === 0x74) return skipWord(bytes, at, 'true')
  if (byte === 0x66) return skipWord(bytes, at, 'false')
  if (byte === 0x6e) return skipWord(bytes, at, 'null')
  return skipNumber(bytes, at)
}

/** The colon after a member name and the blanks around it. */
function skipColon(bytes: Buffer, from: number): number {
  const at = skipBlank(bytes, from)
  if (bytes[at] !== COLON) throw broken(at)
  return skipBlank(bytes, at + 1)
}

function skipName(bytes: Buffer, at: number): number {
  if (bytes[at] !== QUOTE) throw broken(at)
  return skipColon(bytes, skipString(bytes, at + 1))
}

type Budget = { values: number; containers: number }

function spendContainer(budget: Budget): void {
  budget.containers -= 1
  if (budget.containers < 0) throw tooComplex()
}

/** Any value, without recursion: a deep body must not reach the end of our stack. Answers the offset behind it. */
function skipValue(bytes: Buffer, from: number, budget: Budget): number {
  const isObject: boolean[] = []
  let at = from
  for (;;) {
    budget.values -= 1
    if (budget.values < 0) throw tooComplex()
    const byte = bytes[at]
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      spendContainer(budget)
      const next = skipBlank(bytes, at + 1)
      if (bytes[next] !== (byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET)) {
        // The object that is being scanned is the first level.
        if (isObject.length + 2 > MAX_DEPTH) throw tooComplex()
        isObject.push(byte === OPEN_BRACE)
        at = byte === OPEN_BRACE ? skipName(bytes, next) : next
        continue
      }
      at = next + 1
    } else at = skipScalar(bytes, at)
    const next = closeContainers(bytes, at, isObject)
    if (isObject.length === 0) return next
    at = next
  }
}

/** After a value: closes what ends here and moves on to the next value of the container that is still open. */
function closeContainers(bytes: Buffer, from: number, isObject: boolean[]): number {
  let at = from
  for (let inObject = isObject.at(-1); inObject !== undefined; inObject = isObject.at(-1)) {
    at = skipBlank(bytes, at)
    const byte = bytes[at]
    if (byte === COMMA) {
      const next = skipBlank(bytes, at + 1)
      return inObject ? skipName(bytes, next) : next
    }
    if (byte !== (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) throw broken(at)
    isObject.pop()
    at++
  }
  return at
}

const KINDS: Readonly<Record<number, Kind>> = {
  [QUOTE]: 'string',
  [OPEN_BRACE]: 'object',
  [OPEN_BRACKET]: 'array',
  116: 'true',
  102: 'false',
  110: 'null',
}

/** The name as a JSON parser would read it; the empty text for one too long to be any that matters. */
function readName(bytes: Buffer, start: number, end: number): string {
  if (end - start > MAX_NAME_BYTES * 6) return ''
  const text = bytes.toString('latin1', start, end)
  return text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text
}

/**
 * Reads one JSON object from bytes that are known to be UTF-8, as strictly as `JSON.parse`, and answers the members
 * whose name `wanted` maps to a canonical one. A canonical name twice is `duplicate_key`: parsers differ in which of
 * two they believe. Linear in time; memory does not grow with the body.
 */
export function scanObject(bytes: Buffer, wanted: (name: string) => string | null): Scanned {
  const open = skipBlank(bytes, 0)
  if (bytes[open] !== OPEN_BRACE) throw notAnObject(bytes, open)
  const budget: Budget = { values: MAX_VALUES, containers: MAX_CONTAINERS }
  const members: Member[] = []
  let at = skipBlank(bytes, open + 1)
  const isEmpty = bytes[at] === CLOSE_BRACE
  while (!isEmpty) {
    if (bytes[at] !== QUOTE) throw broken(at)
    const nameEnd = skipString(bytes, at + 1)
    const name = wanted(readName(bytes, at + 1, nameEnd - 1))
    const start = skipColon(bytes, nameEnd)
    const end = skipValue(bytes, start, budget)
    if (name !== null) addMember(members, { name, start, end, kind: KINDS[bytes[start] ?? 0] ?? 'number' })
    at = skipBlank(bytes, end)
    if (bytes[at] === CLOSE_BRACE) break
    if (bytes[at] !== COMMA) throw broken(at)
    at = skipBlank(bytes, at + 1)
  }
  const rest = skipBlank(bytes, at + 1)
  if (rest !== bytes.length) throw broken(rest)
  return { members, open, close: at }
}

function addMember(members: Member[], member: Member): void {
  if (members.some(({ name }) => name === member.name)) {
    throw new ScanFailure('duplicate_key', `The member ${member.name} occurs more than once.`, member.name)
  }
  members.push(member)
}

/** A valid JSON text of another type is another mistake than a broken one. */
function notAnObject(bytes: Buffer, at: number): ScanFailure {
  const end = skipBlank(bytes, skipValue(bytes, at, { values: MAX_VALUES, containers: MAX_CONTAINERS }))
  return end === bytes.length ? new ScanFailure('invalid_body', 'The body must be a JSON object.') : broken(end)
}

/** Throws `invalid_json` for bytes that are not UTF-8 (overlong forms and surrogates included). */
export function checkUtf8(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new ScanFailure('invalid_json', 'The body is not valid UTF-8.')
}
