import { BYTES_PER_TOKEN, countBytes } from './prompt.ts'
import type { Endpoint } from './route.ts'
import { parse } from './tokens.ts'

/** Members of an event that hold a piece of what was generated. A `.done` event of `/responses` only repeats them. */
const MEMBERS: Readonly<Partial<Record<Endpoint, readonly Buffer[]>>> = {
  'chat/completions': named('content', 'arguments', 'reasoning_content', 'reasoning', 'refusal'),
  completions: named('text'),
  messages: named('text', 'partial_json', 'thinking'),
  responses: named('delta'),
}

const SPACE = 0x20
const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c

function named(...names: readonly string[]): readonly Buffer[] {
  return names.map((name) => Buffer.from(`"${name}"`))
}

/**
 * Counts what was generated while it passes, for the case that the provider never says: four bytes are a token, and
 * each event with words is at least one. It looks for a member's name and parses nothing.
 */
export class Generated {
  /** Tokens since the provider last said how many there are. */
  tokens = 0
  readonly #members: readonly Buffer[]
  /** The member that had words last: the next event most likely has the same. */
  #usual = 0

  constructor(endpoint: Endpoint) {
    this.#members = MEMBERS[endpoint] ?? []
  }

  count(event: Buffer): void {
    const usual = this.#members[this.#usual]
    if (usual === undefined || this.#add(event, usual)) return
    for (let at = 0; at < this.#members.length; at++) {
      const member = this.#members[at]
      if (at === this.#usual || member === undefined || !this.#add(event, member)) continue
      this.#usual = at
      return
    }
  }

  /** An event that was too long to be read. */
  countUnread(bytes: number): void {
    if (this.#members.length > 0) this.tokens += Math.ceil(bytes / BYTES_PER_TOKEN)
  }

  /** The provider said how many there are so far. */
  said(): void {
    this.tokens = 0
  }

  #add(event: Buffer, member: Buffer): boolean {
    const bytes = wordsIn(event, member)
    this.tokens += Math.ceil(bytes / BYTES_PER_TOKEN)
    return bytes > 0
  }
}

/** Bytes of the texts that stand at this name. Within a text a quote is escaped, so the name is a member's. */
function wordsIn(event: Buffer, member: Buffer): number {
  let bytes = 0
  for (let at = event.indexOf(member); at !== -1; at = event.indexOf(member, at)) {
    at += member.length
    while (event[at] === SPACE || event[at] === COLON) at++
    if (event[at] !== QUOTE) continue
    const end = endOfText(event, at + 1)
    bytes += end - at - 1
    at = end
  }
  return bytes
}

/** Where the quote stands that ends a text; the end of the event when it was cut off. */
function endOfText(event: Buffer, from: number): number {
  for (let at = event.indexOf(QUOTE, from); at !== -1; at = event.indexOf(QUOTE, at + 1)) {
    let slashes = 0
    while (event[at - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return at
  }
  return event.length
}

/** Tokens of a plain answer whose provider did not count them; `body` null: it was too large to be kept. */
export function tokensIn(endpoint: Endpoint, body: Buffer | null, bytes: number): number {
  if (!MEMBERS[endpoint]) return 0
  return Math.ceil((body === null ? bytes : countBytes(parse(body.toString('utf8')))) / BYTES_PER_TOKEN)
}
