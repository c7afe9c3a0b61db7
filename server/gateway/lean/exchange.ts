import type { Dispatcher } from 'undici'

/** What is asked, in undici's words: the part of them that `/work` uses. */
export type Asked = {
  readonly method: 'POST'
  readonly path: string
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body: Buffer
  /** Milliseconds until the answer begins, and between two pieces of it. */
  readonly headersTimeout: number
  readonly bodyTimeout: number
}

/** The connection that works on an exchange. */
export type Carrier = {
  readonly exchange: Exchange | null
  fail(error: Error): void
  setPaused(paused: boolean): void
}

/** One request and its answer. It is of one connection only: nothing here touches whatever that carries afterwards. */
export class Exchange implements Dispatcher.DispatchController {
  readonly asked: Asked
  readonly handler: Dispatcher.DispatchHandler
  carrier: Carrier | null = null
  aborted = false
  paused = false
  reason: Error | null = null

  constructor(asked: Asked, handler: Dispatcher.DispatchHandler) {
    this.asked = asked
    this.handler = handler
  }

  abort(reason: Error): void {
    this.aborted = true
    this.reason = reason
    if (this.carrier?.exchange === this) this.carrier.fail(reason)
  }

  pause(): void {
    this.paused = true
    if (this.carrier?.exchange === this) this.carrier.setPaused(true)
  }

  resume(): void {
    this.paused = false
    if (this.carrier?.exchange === this) this.carrier.setPaused(false)
  }
}
