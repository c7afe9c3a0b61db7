import { garbled } from './answer-head.ts'

const RETURN = 0x0d
const FEED = 0x0a
const MAX_LINE = 4_096
const MAX_TRAILER_LINES = 100
const NO_DIGIT = 16
/** What a byte is worth as a hexadecimal digit. */
const DIGITS = new Uint8Array(256).fill(NO_DIGIT)
for (const [value, letter] of [...'0123456789abcdef'].entries()) {
  DIGITS[letter.charCodeAt(0)] = value
  DIGITS[letter.toUpperCase().charCodeAt(0)] = value
}
/** More is no size that anybody means. */
const MAX_DIGITS = 7

// Extensions mean nothing to anybody; they may be there.
const SIZE = /^([0-9A-Fa-f]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/
const TRAILER = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/

/** Takes a body out of its chunks. Lines end in CRLF and nothing else: other programs would see other chunks. */
export class ChunkReader {
  /** True once the last chunk and its trailers were read. */
  over = false
  #state: 'size' | 'data' | 'end' | 'trailers' = 'size'
  #left = 0
  #line = ''
  #trailers = 0

  /**
   * Hands on, in one piece, what `bytes` hold of the body; answers the offset behind the last byte that belongs to this
   * message.
   */
  read(bytes: Buffer, take: (data: Buffer) => void): number {
    let at = 0
    let first: Buffer | null = null
    let more: Buffer[] | null = null
    while (at < bytes.length && !this.over) {
      if (this.#state === 'data') {
        const end = Math.min(bytes.length, at + this.#left)
        this.#left -= end - at
        if (this.#left === 0) this.#state = 'end'
        const data = bytes.subarray(at, end)
        if (first === null) first = data
        else if (more === null) more = [first, data]
        else more.push(data)
        at = end
      } else {
        const next = this.#line === '' ? this.#readPlainLine(bytes, at) : at
        at = next === at ? this.#readLine(bytes, at) : next
      }
    }
    if (first !== null) take(more === null ? first : Buffer.concat(more))
    return at
  }

  /** Most lines are the end of a chunk or a mere size: read without making a text of them. `from` for any other. */
  #readPlainLine(bytes: Buffer, from: number): number {
    let at = from
    let size = 0
    for (let digit = 0; at - from < MAX_DIGITS; at++) {
      digit = DIGITS[bytes[at] ?? 0] ?? NO_DIGIT
      if (digit === NO_DIGIT) break
      size = size * 16 + digit
    }
    if (bytes[at] !== RETURN || bytes[at + 1] !== FEED) return from
    if (this.#state === 'end' && at === from) this.#state = 'size'
    else if (this.#state === 'size' && size > 0) {
      this.#left = size
      this.#state = 'data'
    } else return from
    return at + 2
  }

  #readLine(bytes: Buffer, from: number): number {
    const feed = bytes.indexOf(FEED, from)
    const end = feed === -1 ? bytes.length : feed + 1
    if (this.#line.length + end - from > MAX_LINE) throw garbled('chunk')
    if (feed > from && this.#line === '' && bytes[feed - 1] === RETURN)
      this.#take(bytes.toString('latin1', from, feed - 1))
    else {
      this.#line += bytes.toString('latin1', from, end)
      if (feed === -1) return end
      if (!this.#line.endsWith('\r\n')) throw garbled('chunk')
      const line = this.#line.slice(0, -2)
      this.#line = ''
      this.#take(line)
    }
    return end
  }

  #take(line: string): void {
    if (this.#state === 'end') {
      if (line !== '') throw garbled('chunk')
      this.#state = 'size'
    } else if (this.#state === 'size') {
      const size = SIZE.exec(line)?.[1]
      if (size === undefined) throw garbled('chunk')
      this.#left = Number.parseInt(size, 16)
      this.#state = this.#left === 0 ? 'trailers' : 'data'
    } else if (line === '') this.over = true
    else if (++this.#trailers > MAX_TRAILER_LINES || !TRAILER.test(line)) throw garbled('trailer')
  }
}
