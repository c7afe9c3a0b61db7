import type { Dispatcher } from 'undici'
import type { AnswerHeaders } from './attempt.ts'

/** Errors are short. What is longer is passed on as it is. */
const MOST_BYTES = 64 * 1024

/**
 * A member's answer that says "not now" or "not me". It is read to its end, so that its connection can be used again,
 * and kept: when nobody else can be asked, the caller gets it after all.
 */
export class PassedOver {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly controller: Dispatcher.DispatchController
  readonly chunks: Buffer[] = []
  #bytes = 0

  constructor(status: number, headers: AnswerHeaders, controller: Dispatcher.DispatchController) {
    this.status = status
    this.headers = headers
    this.controller = controller
  }

  /** False when it has become too long to be kept. */
  take(chunk: Buffer): boolean {
    this.chunks.push(chunk)
    this.#bytes += chunk.length
    return this.#bytes <= MOST_BYTES
  }
}

/** Whether another member of the pool may do better: this one did not do what it was asked for. */
export const isPassedOver = (status: number): boolean => status === 408 || status === 429 || status >= 500
