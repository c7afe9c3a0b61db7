import { BYTES_PER_TOKEN, countBytes } from './prompt.ts'
import type { Endpoint } from './route.ts'
import { parse } from './tokens.ts'

/**
 * Where a piece of what was generated begins in an event. Within a text a quote is escaped, so the name is a member's.
 * A `.done` event of `/responses` only repeats the pieces.
 */
const PIECES: Readonly<Partial<Record<Endpoint, RegExp>>> = {
  'chat/completions': /"(?:content|arguments|reasoning_content|reasoning|refusal)"[ :]*"/g,
  completions: /"text"[ :]*"/g,
  messages: /"(?:text|partial_json|thinking)"[ :]*"/g,
  responses: /"delta"[ :]*"/g,
}

const BACKSLASH = 0x5c

/**
 * Counts what was generated while it passes, for the case that the provider never says: four bytes are a token, and
 * each event with words is at least one. It looks for a member's name and parses nothing.
 */
export class Generated {
  /** Tokens since the provider last said how many there are. */
  tokens = 0
  readonly #piece: RegExp | undefined

  constructor(endpoint: Endpoint) {
    this.#piece = PIECES[endpoint]
  }

  /** `event` has one character for each byte. */
  count(event: string): void {
    const piece = this.#piece
    if (piece === undefined) return
    let bytes = 0
    piece.lastIndex = 0
    while (piece.test(event)) {
      const begin = piece.lastIndex
      piece.lastIndex = endOfText(event, begin)
      bytes += piece.lastIndex - begin
    }
    this.tokens += Math.ceil(bytes / BYTES_PER_TOKEN)
  }

  /** An event that was too long to be read. */
  countUnread(bytes: number): void {
    if (this.#piece !== undefined) this.tokens += Math.ceil(bytes / BYTES_PER_TOKEN)
  }

  /** The provider said how many there are so far. */
  said(): void {
    this.tokens = 0
  }
}

/** Where the quote stands that ends a text; the end of the event when it was cut off. */
function endOfText(event: string, from: number): number {
  for (let at = event.indexOf('"', from); at !== -1; at = event.indexOf('"', at + 1)) {
    let slashes = 0
    while (event.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return at
  }
  return event.length
}

/** Tokens of a plain answer whose provider did not count them; `body` null: it was too large to be kept. */
export function tokensIn(endpoint: Endpoint, body: Buffer | null, bytes: number): number {
  if (!PIECES[endpoint]) return 0
  return Math.ceil((body === null ? bytes : countBytes(parse(body.toString('utf8')))) / BYTES_PER_TOKEN)
}
