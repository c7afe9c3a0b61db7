import type { IncomingHttpHeaders } from 'node:http'
import type { RequestTime } from './request-time.ts'

/** What the steps read of a request: node:http's is one, and so is the lane's. */
export type CallerRequest = {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[]
  readonly socket: { readonly remoteAddress?: string | undefined }
  /** True when the body has arrived whole. */
  readonly complete: boolean
  /** The body, where it came together with the head. */
  readonly whole?: Buffer | null
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  once(event: 'end' | 'error' | 'close', listener: () => void): CallerRequest
  off(event: 'data', listener: (chunk: Buffer) => void): unknown
  /** Reads on without anybody listening. */
  resume(): unknown
}

export type CallerSocket = { destroySoon(): void; readonly bytesRead: number }

/** What the steps do with an answer: node:http's is one, and so is the lane's. */
export type CallerAnswer = {
  /** True when nobody can get it any more. */
  readonly destroyed: boolean
  readonly headersSent: boolean
  readonly socket: CallerSocket | null
  writeHead(status: number, headers: string[] | Record<string, string | number>): unknown
  flushHeaders(): void
  /** False: wait for `drain`. */
  write(bytes: Buffer): boolean
  end(bytes?: Buffer | string, sent?: () => void): unknown
  once(event: 'close' | 'drain', listener: () => void): unknown
  destroy(): unknown
}

/** One request at `/work` as it came in. */
export type Call = {
  readonly req: CallerRequest
  readonly res: CallerAnswer
  /** The request id that the caller sees; the id of its usage entry. */
  readonly id: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly time: RequestTime
}

/** Thrown when the caller went away before anything was asked of a provider: there is nobody to answer. */
export class CallerLeft extends Error {
  override readonly name = 'CallerLeft'
}
