import type { Dispatcher } from 'undici'
import type { Asked } from './lean/exchange.ts'
import type { Upstream } from './target.ts'
import type { Turn } from './turn.ts'

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/** What becomes of an attempt: either a head, data and an end, or at any point an error that ends it. */
export type Listener = {
  /** True when what came says that nothing more will. */
  readonly isWhole: boolean
  head(status: number, headers: AnswerHeaders, controller: Dispatcher.DispatchController): void
  data(chunk: Buffer): void
  whole(): void
  failed(error: Error): void
}

const GONE = new Error('nobody waits for this answer')

/** A provider asked once. That it does not answer counts against it. It falls silent when nobody listens any more. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly turn: Turn
  #listener: Listener | null
  #controller: Dispatcher.DispatchController | null = null

  constructor(turn: Turn, listener: Listener) {
    this.turn = turn
    this.#listener = listener
  }

  /** True while the provider can have heard of the request; not after it was given up. */
  get sent(): boolean {
    return this.#listener !== null && this.#controller !== null
  }

  ask({ connections }: Upstream, asked: Asked): void {
    try {
      connections.dispatch(asked, this)
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Ends it, as far as it is not over: nobody waits for it. */
  abandon(): void {
    this.#listener = null
    this.#controller?.abort(GONE)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // It was given up while the connection was being made: nothing has been sent, nothing will be.
    if (this.#listener === null) controller.abort(GONE)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    // Informational answers announce the real one.
    if (this.#listener === null || status < 200) return
    this.#listener.head(status, headers, controller)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#listener?.data(chunk)
  }

  onResponseEnd(): void {
    this.#listener?.whole()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    // An answer that has said its end is whole, however the connection under it ends.
    if (this.#listener?.isWhole) return this.#listener.whole()
    if (this.#listener !== null && isTheirs(error)) this.turn.failed()
    this.#fail(error)
  }

  #fail(error: Error): void {
    this.#listener?.failed(error)
  }
}

/** False for a request that cannot be sent to anybody: it says nothing of the provider. */
const isTheirs = (error: Error) => !('code' in error) || error.code !== 'UND_ERR_INVALID_ARG'
