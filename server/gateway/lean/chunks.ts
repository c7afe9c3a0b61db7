import { garbled } from './answer-head.ts'

const RETURN = 0x0d
const FEED = 0x0a
const MAX_LINE = 4_096
const MAX_TRAILER_LINES = 100
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
      } else at = this.#readLine(bytes, at)
    }
    if (first !== null) take(more === null ? first : Buffer.concat(more))
    return at
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
