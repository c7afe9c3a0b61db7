import type { IncomingMessage, ServerResponse } from 'node:http'

/** One request at `/work` as it came in. */
export type Call = {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** The request id that the caller sees; the id of its usage entry. */
  readonly id: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** Milliseconds of the monotonic clock. */
  readonly arrivedAt: number
}

/** Thrown when the caller went away before anything was asked of a provider: there is nobody to answer. */
export class CallerLeft extends Error {
  override readonly name = 'CallerLeft'
}
