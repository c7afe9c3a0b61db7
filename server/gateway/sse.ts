import { Generated } from './generated.ts'
import type { Endpoint } from './route.ts'
import {
  isErrorEvent,
  isExtraEvent,
  laterEnd,
  laterTokens,
  NO_TOKENS,
  parse,
  readEnds,
  readStatement,
  type Statement,
  type Tokens,
} from './tokens.ts'

const LINE_FEED = 0x0a
const RETURN = 0x0d
/** An event larger than this is passed on, and only its end is read. */
const MAX_EVENT_BYTES = 1024 * 1024

// What an event can say of use to us. Providers repeat `"usage":null` in every event.
const STATEMENT = /"(?:usage|error)"[ :]*[^ :n]/
const STATEMENT_OR_MODEL = /"(?:usage|error|model)"[ :]*[^ :n]/

// How each wire format ends a stream. Within a text a quote is escaped.
const LAST_EVENT =
  /^data: ?(?:\[DONE\]\s*$|\{.*"type"[ :]*"(?:message_stop|response\.(?:completed|incomplete|failed))")/m

const EMPTY: Buffer = Buffer.alloc(0)

/**
 * Reads a stream of server-sent events as it passes. Bytes may be cut anywhere and lines may end in LF, CRLF or CR.
 * With `hidesUsage` an event that holds nothing but usage is taken out, so each event is held until it is whole;
 * without, all bytes go on at once.
 */
export class SseReader {
  tokens: Tokens = NO_TOKENS
  model: string | null = null
  /** True after an event in which the provider said that it failed. */
  failed = false
  /** The last event that was read, with a character for each byte. */
  #last = ''
  /** What was generated since usage was last said. */
  readonly generated: Generated
  readonly #hidesUsage: boolean
  /** The event that has begun, in pieces. */
  #pieces: Buffer[] = []
  #bytes = 0
  /** The end of one that is too long to be held. */
  #end = EMPTY
  #lineIsEmpty = true
  #afterReturn = false
  /** True while the LF of a CRLF may follow whose event was taken out. */
  #dropsFeed = false

  constructor(hidesUsage: boolean, endpoint: Endpoint) {
    this.generated = new Generated(endpoint)
    this.#hidesUsage = hidesUsage
  }

  /** True when everything passed on so far ends with a whole event. */
  get atBoundary(): boolean {
    return this.#hidesUsage || (this.#bytes === 0 && this.#lineIsEmpty)
  }

  /** True when the last event, whole, was the one that ends a stream. */
  get saidEnd(): boolean {
    return this.#bytes === 0 && this.#lineIsEmpty && LAST_EVENT.test(this.#last)
  }

  /** What may go on to the caller now: the chunk itself, parts of it, or nothing yet (an empty buffer). */
  push(chunk: Buffer): Buffer {
    if (this.#bytes === 0 && this.#lineIsEmpty && !this.#afterReturn) {
      const text = chunk.toString('latin1')
      if (isOneEvent(text)) return this.#read(chunk, text) ? EMPTY : chunk
    }
    return this.#pushPieces(chunk)
  }

  #pushPieces(chunk: Buffer): Buffer {
    const passed: Buffer[] = []
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (byte === LINE_FEED && this.#afterReturn) {
        this.#afterReturn = false
        // The second half of a line end that was counted already; it belongs to what stands before it.
        if (at !== start || this.#bytes > 0) continue
        if (!this.#dropsFeed) passed.push(chunk.subarray(at, at + 1))
        start = at + 1
      } else if (byte === LINE_FEED || byte === RETURN) {
        this.#afterReturn = byte === RETURN
        if (!this.#lineIsEmpty) {
          this.#lineIsEmpty = true
          continue
        }
        const end = byte === RETURN && chunk[at + 1] === LINE_FEED ? at + 2 : at + 1
        if (end === at + 2) this.#afterReturn = false
        this.#finishEvent(chunk.subarray(start, end), passed)
        start = end
        at = end - 1
      } else {
        this.#afterReturn = false
        this.#lineIsEmpty = false
      }
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start), passed)
    if (!this.#hidesUsage) return chunk
    return passed.length === 1 ? (passed[0] ?? chunk) : Buffer.concat(passed)
  }

  /** What is left when the stream ends in the middle of an event. */
  end(): Buffer {
    const rest = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#bytes = 0
    if (rest.length > 0 && this.#read(rest, rest.toString('latin1'))) return EMPTY
    return this.#hidesUsage ? rest : EMPTY
  }

  #finishEvent(last: Buffer, passed: Buffer[]): void {
    const event = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last])
    const isTooLong = this.#bytes > MAX_EVENT_BYTES
    if (isTooLong) this.#readEnd(last)
    this.#pieces = []
    this.#bytes = 0
    this.#dropsFeed = !isTooLong && this.#read(event, event.toString('latin1'))
    if (isTooLong) passed.push(last)
    else if (!this.#dropsFeed) passed.push(event)
  }

  #hold(rest: Buffer, passed: Buffer[]): void {
    this.#bytes += rest.length
    if (this.#bytes <= MAX_EVENT_BYTES) {
      this.#pieces.push(rest)
      return
    }
    // Nobody's usage is that long: what was held goes on, and so will the rest.
    passed.push(...this.#pieces, rest)
    for (const piece of [...this.#pieces, rest]) this.#end = laterEnd(this.#end, piece)
    this.#pieces = []
  }

  /** A picture in an event makes it long, and behind it stands what it took. */
  #readEnd(last: Buffer): void {
    this.generated.countUnread(this.#bytes)
    this.#note(readEnds(EMPTY, laterEnd(this.#end, last)))
    this.#end = EMPTY
  }

  #note({ tokens, model }: Statement): void {
    this.model ??= model
    if (tokens) this.tokens = laterTokens(this.tokens, tokens)
    if (tokens && tokens.output !== null) this.generated.said()
  }

  /** Reads what one event says, given as bytes and with a character for each; true when it must not reach the caller. */
  #read(event: Buffer, text: string): boolean {
    this.#last = text
    this.generated.count(text)
    if (!(this.model === null ? STATEMENT_OR_MODEL : STATEMENT).test(text)) return false
    const parsed = parse(dataOf(event))
    this.#note(readStatement(parsed))
    const saysFailed = isErrorEvent(parsed)
    if (saysFailed) this.failed = true
    return this.#hidesUsage && !saysFailed && isExtraEvent(parsed)
  }
}

/** True for what most chunks are: one event from its beginning to its end, with the usual line ends. */
const isOneEvent = (text: string) =>
  text.length <= MAX_EVENT_BYTES &&
  text.length > 2 &&
  text.charCodeAt(0) !== LINE_FEED &&
  text.indexOf('\n\n') === text.length - 2 &&
  !text.includes('\r')

/** The data lines of an event, joined as the specification says. */
function dataOf(event: Buffer): string {
  const lines = event
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
  const data = lines.flatMap((line) => (line.startsWith('data:') ? [line.slice(line[5] === ' ' ? 6 : 5)] : []))
  return data.join('\n')
}
