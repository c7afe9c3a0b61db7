import type { Dispatcher } from 'undici'
import type { CallerSocket } from './call.ts'
import { tokensIn } from './generated.ts'
import { toCaller } from './headers.ts'
import type { Plan } from './plan.ts'
import { errorBody, type Refusal } from './refusal.ts'
import { SseReader } from './sse.ts'
import { END_BYTES, laterEnd, NO_TOKENS, readAnswer, readEnds, type Tokens } from './tokens.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Plain answers up to this are held until they are whole: a provider that breaks off is then an honest 502. */
const HOLD_BYTES = 128 * 1024

const EMPTY: Buffer = Buffer.alloc(0)

const LINGER_MS = 1_000

/**
 * The caller of a broken stream is told by an event and by the end of the connection. A caller with a pool has perhaps
 * sent its next request at the end of the body already: that one is answered, and the connection stays.
 */
function closeUnlessUsed(socket: CallerSocket | null): void {
  if (!socket) return
  const { bytesRead } = socket
  setTimeout(() => {
    if (socket.bytesRead === bytesRead) socket.destroySoon()
  }, LINGER_MS)
}

/**
 * A provider's answer on its way to the caller. Streams go on as they come; small plain answers in one piece. It
 * never lets the caller have the last byte before `send`.
 */
export class Answer {
  readonly status: number
  headSent = false
  /** Bytes of the answer as the provider sent them. */
  bytes = 0
  firstTokenMs: number | null = null
  overheadUs = 0
  tokens: Tokens = NO_TOKENS
  /** Tokens that were generated and that the provider did not count, as far as can be told. */
  generated = 0
  model: string | null = null
  readonly #plan: Plan
  readonly #controller: Dispatcher.DispatchController
  readonly #headers: Headers
  readonly #limitHeaders: () => readonly string[]
  readonly #sse: SseReader | null
  readonly #length: number | null
  #holds: boolean
  #held: Buffer[] = []
  #head = EMPTY
  #tail = EMPTY
  #lastAt = performance.now()
  #paused = false
  #finished = false

  constructor(
    plan: Plan,
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Headers,
    limitHeaders: () => readonly string[] = () => [],
  ) {
    this.#limitHeaders = limitHeaders
    this.#plan = plan
    this.#controller = controller
    this.status = status
    this.#headers = headers
    const length = headers['content-length']
    this.#length = typeof length === 'string' ? Number(length) : null
    const isSse = /^text\/event-stream/i.test(String(headers['content-type'] ?? ''))
    this.#sse = isSse ? new SseReader(plan.ask.hidesUsage && status === 200, plan.route.endpoint) : null
    this.#holds = !isSse && !plan.ask.streamed && (this.#length ?? 0) <= HOLD_BYTES
    // Sent with the first event when that is here already, and otherwise at once: the caller sees that it was heard.
    if (!this.#holds) process.nextTick(() => this.#finished || this.#sendHead(true))
  }

  /** True when an event said that the provider failed in the middle of its answer. */
  get providerFailed(): boolean {
    return this.#sse?.failed === true
  }

  /** True when an event said that the answer ends with it. */
  get saidEnd(): boolean {
    return this.#sse?.saidEnd === true
  }

  take(chunk: Buffer): void {
    this.#lastAt = performance.now()
    this.bytes += chunk.length
    if (this.#sse) {
      this.firstTokenMs ??= Math.round(this.#lastAt - this.#plan.call.time.arrivedAt)
      return this.#pass(this.#sse.push(chunk))
    }
    if (this.#holds && this.bytes <= HOLD_BYTES) {
      this.#held.push(chunk)
      return
    }
    this.#keepEnds(chunk)
    this.#holds = false
    // The last piece of an answer of known length stays here until its end is recorded.
    const now = Buffer.concat(this.#held)
    this.#held = [chunk]
    this.#pass(now)
  }

  /** Reads what the answer said of its usage, as far as it came. */
  finish(): void {
    this.#finished = true
    this.#lastAt = performance.now()
    if (this.#sse) {
      this.#held = [this.#sse.end()]
      this.tokens = this.#sse.tokens
      this.generated = this.#sse.generated.tokens
      this.model = this.#sse.model
    } else {
      const read = this.#holds ? readAnswer(this.#whole()) : readEnds(this.#head, this.#tail)
      if (read.tokens) this.tokens = read.tokens
      if (this.tokens.output === null && this.status < 400) this.generated = this.#countPlain()
      this.model = read.model
    }
    this.overheadUs = this.headSent ? this.overheadUs : this.#overhead()
  }

  /** Lets the caller have what is left. */
  send(): void {
    const { res } = this.#plan.call
    if (res.destroyed) return
    const rest = this.#held.length === 1 ? (this.#held[0] ?? EMPTY) : Buffer.concat(this.#held)
    this.#sendHead(false)
    if (rest.length > 0) res.end(rest)
    else res.end()
  }

  /** Ends an answer that cannot be finished, so that nobody takes it for a whole one. */
  breakOff(refusal: Refusal): void {
    const { res } = this.#plan.call
    if (res.destroyed) return
    if (!this.#sse) return void res.destroy()
    const gap = this.#sse.atBoundary ? '' : '\n\n'
    // Anthropic's client passes over events without a name: the stream would be a whole one to its program.
    const name = this.#plan.route.endpoint === 'messages' ? 'event: error\n' : ''
    res.end(`${gap}${name}data: ${errorBody(refusal)}\n\n`, () => closeUnlessUsed(res.socket))
  }

  #countPlain(): number {
    return tokensIn(this.#plan.route.endpoint, this.#holds ? this.#whole() : null, this.bytes)
  }

  #whole(): Buffer {
    if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held)]
    return this.#held[0] ?? EMPTY
  }

  #keepEnds(chunk: Buffer): void {
    const all = this.#held.length === 0 || this.#head.length > 0 ? chunk : Buffer.concat([...this.#held, chunk])
    if (this.#head.length < END_BYTES)
      this.#head = Buffer.concat([this.#head, all.subarray(0, END_BYTES - this.#head.length)])
    this.#tail = laterEnd(this.#tail, all)
  }

  #pass(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#sendHead(false)
    const { res } = this.#plan.call
    // A caller that reads slower than its provider writes makes the provider wait, not this process grow.
    if (res.write(bytes) || this.#paused) return
    this.#paused = true
    this.#controller.pause()
    res.once('drain', () => {
      this.#paused = false
      this.#controller.resume()
    })
  }

  #overhead(): number {
    const { time } = this.#plan.call
    time.goesOn(this.#lastAt)
    return time.ownUs
  }

  #sendHead(flush: boolean): void {
    const { res, id } = this.#plan.call
    if (this.headSent || res.destroyed) return
    this.headSent = true
    this.overheadUs = this.#overhead()
    const ours = this.#limitHeaders()
    // A provider's own limits are not what holds a caller back first: the same names are ours where we have some.
    const headers = [...toCaller(this.#headers, ours), ...ours]
    headers.push('x-request-id', id, 'x-aic-overhead-us', String(this.overheadUs), 'x-content-type-options', 'nosniff')
    if (this.status >= 400) headers.push('x-aic-source', 'provider')
    const length = this.#lengthToSay()
    if (length !== null) headers.push('content-length', String(length))
    res.writeHead(this.status, headers)
    if (flush) res.flushHeaders()
  }

  /** The length of what the caller will get, where that is known. */
  #lengthToSay(): number | null {
    if (this.status === 204) return null
    if (this.#holds) return this.#whole().length
    // An event may be taken out of a stream or an error put in: only its end can say how long it was.
    return this.#sse ? null : this.#length
  }
}
