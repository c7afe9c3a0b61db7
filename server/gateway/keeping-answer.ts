import type { CallerAnswer, CallerSocket } from './call.ts'
import type { Place, ResponseCache } from './response-cache.ts'

/** Headers that are about one request alone. */
const OF_ONE_REQUEST = /^(?:x-request-id|x-aic-|x-ratelimit-|content-length$|retry-after$|connection$)/

/** What is known of an answer when its request is recorded. */
export type Outcome = { readonly model: string | null; readonly tokens: number }

/** Passes an answer on to its caller and keeps it when it comes to a good end. */
export class KeepingAnswer implements CallerAnswer {
  readonly #res: CallerAnswer
  readonly #cache: ResponseCache
  readonly #place: Place
  #headers: readonly string[] = []
  #pieces: Buffer[] = []
  #size = 0
  #outcome: Outcome | null = null

  constructor(res: CallerAnswer, cache: ResponseCache, place: Place) {
    this.#res = res
    this.#cache = cache
    this.#place = place
  }

  get destroyed(): boolean {
    return this.#res.destroyed
  }

  get headersSent(): boolean {
    return this.#res.headersSent
  }

  get socket(): CallerSocket | null {
    return this.#res.socket
  }

  /** The request is recorded as complete: what has been and will be sent until the end may be kept. */
  complete(outcome: Outcome): void {
    this.#outcome = outcome
  }

  writeHead(status: number, headers: string[] | Record<string, string | number>): unknown {
    const flat = Array.isArray(headers) ? headers : Object.entries(headers).flat().map(String)
    this.#headers = flat.filter((_, at) => !OF_ONE_REQUEST.test(flat[at - (at % 2)] ?? ''))
    return this.#res.writeHead(status, [...flat, 'x-aic-cache', 'miss'])
  }

  flushHeaders(): void {
    this.#res.flushHeaders()
  }

  write(bytes: Buffer): boolean {
    this.#take(bytes)
    return this.#res.write(bytes)
  }

  end(bytes?: Buffer | string, sent?: () => void): unknown {
    if (bytes !== undefined) this.#take(Buffer.from(bytes))
    const outcome = this.#outcome
    if (outcome !== null && this.#cache.takes(this.#size)) {
      const body = Buffer.concat(this.#pieces)
      const { ownerId } = this.#place
      this.#cache.keep(this.#place, { ...outcome, ownerId, headers: this.#headers, body, keptAt: performance.now() })
    }
    return this.#res.end(bytes, sent)
  }

  once(event: 'close' | 'drain', listener: () => void): unknown {
    return this.#res.once(event, listener)
  }

  destroy(): unknown {
    return this.#res.destroy()
  }

  #take(bytes: Buffer): void {
    this.#size += bytes.length
    if (this.#cache.takes(this.#size)) this.#pieces.push(Buffer.from(bytes))
    else this.#pieces = []
  }
}
