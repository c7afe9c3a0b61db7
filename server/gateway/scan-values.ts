export type ScanCode = 'invalid_json' | 'invalid_body' | 'duplicate_key' | 'body_too_complex'

/** Bytes that are no acceptable body. `message` is for the caller, and `param` which member is wrong, else the body. */
export class ScanFailure extends Error {
  override readonly name = 'ScanFailure'
  readonly code: ScanCode
  readonly param: string
  constructor(code: ScanCode, message: string, param = 'body') {
    super(message)
    this.code = code
    this.param = param
  }
}

// Beyond these a body is an attack on whoever parses it: `[{},{},…]` takes twenty times its bytes as objects.
const MAX_DEPTH = 128
const MAX_CONTAINERS = 100_000
const MAX_VALUES = 1_000_000

export const QUOTE = 0x22
const BACKSLASH = 0x5c
export const COMMA = 0x2c
const COLON = 0x3a
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d

// 1: an ordinary byte of a string. Quotes, backslashes and control characters end the run.
const PLAIN = new Uint8Array(256).fill(1, 0x20)
PLAIN[QUOTE] = 0
PLAIN[BACKSLASH] = 0

// 1: what may follow a backslash besides `u`.
const ESCAPED = new Uint8Array(256)
for (const letter of '"\\/bfnrt') ESCAPED[letter.charCodeAt(0)] = 1

export const broken = (at: number) => new ScanFailure('invalid_json', `The body is not valid JSON (at byte ${at}).`)
export const tooComplex = () =>
  new ScanFailure('body_too_complex', 'The body is nested too deeply or has too many values.')

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39
const isHex = (byte: number | undefined) =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)

export function skipBlank(bytes: Buffer, from: number): number {
  let at = from
  for (;;) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
    at++
  }
}

// The body as 32-bit words, for as long as it is being scanned (nothing is awaited meanwhile): most of a prompt is text
// in long strings, and four bytes at once take a third of the time.
const NO_WORDS = new Int32Array(0)
let words: Int32Array = NO_WORDS
let wordShift = 0

const SHORT_RUN = 16

/**
 * The top bit of each byte that ends a run; 0 for none. Where a byte is zero, or less than 0x20, subtracting borrows
 * from its top bit, which is set beforehand only in a part of a longer character.
 */
const endsIn = (word: number): number =>
  (((word ^ 0x22222222) - 0x01010101) | ((word ^ 0x5c5c5c5c) - 0x01010101) | (word - 0x20202020)) & ~word & 0x80808080

/** Moves over ordinary bytes of a string; stops at most three bytes before one that is not. */
function skipRun(from: number): number {
  let at = from
  // The first word may begin before the body.
  while (((at + wordShift) & 3) !== 0) at--
  // A local name: looking at the shared one again for each word would take a third more time.
  const all = words
  let index = Math.max((at + wordShift) >> 2, 1)
  while (index < all.length && endsIn(all[index] ?? 0) === 0) index++
  return Math.max((index << 2) - wordShift, from)
}

/** `from` is behind the opening quote; answers the offset behind the closing one. */
export function skipString(bytes: Buffer, from: number): number {
  let at = from
  for (;;) {
    const stop = at + SHORT_RUN
    // Behind the end there are no bytes, and nothing is no ordinary byte.
    while (at < stop && PLAIN[bytes[at] ?? 0] === 1) at++
    if (at === stop) at = skipRun(at)
    const byte = bytes[at]
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at = skipEscape(bytes, at + 1)
    else if (PLAIN[byte ?? 0] !== 1) throw broken(at)
  }
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
export function skipColon(bytes: Buffer, from: number): number {
  const at = skipBlank(bytes, from)
  if (bytes[at] !== COLON) throw broken(at)
  return skipBlank(bytes, at + 1)
}

function skipName(bytes: Buffer, at: number): number {
  if (bytes[at] !== QUOTE) throw broken(at)
  return skipColon(bytes, skipString(bytes, at + 1))
}

export type Budget = { values: number; containers: number }

function spendContainer(budget: Budget): void {
  budget.containers -= 1
  if (budget.containers < 0) throw tooComplex()
}

/** Any value, without recursion: a deep body must not reach the end of our stack. Answers the offset behind it. */
export function skipValue(bytes: Buffer, from: number, budget: Budget): number {
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

export const fullBudget = (): Budget => ({ values: MAX_VALUES, containers: MAX_CONTAINERS })

/** Makes the body known as words while `scan` runs. */
export function withWords<Result>(bytes: Buffer, scan: () => Result): Result {
  wordShift = bytes.byteOffset & 3
  words = new Int32Array(bytes.buffer, bytes.byteOffset - wordShift, (wordShift + bytes.length) >> 2)
  try {
    return scan()
  } finally {
    words = NO_WORDS
  }
}
