import { type Dispatcher, errors } from 'undici'
import type { Connect } from '../../lib/outgoing.ts'
import { Connection, type Owner } from './connection.ts'
import { type Asked, Exchange } from './exchange.ts'

/** What `/work` needs of connections to a provider: undici's pool is one, and so is this one. */
export type Connections = {
  /** Asks once; the handler hears of everything that becomes of it. */
  dispatch(asked: Asked, handler: Dispatcher.DispatchHandler): void
  /** Takes no more requests, lets running ones end, then closes what is open. */
  close(): Promise<void>
}

const TICK_MS = 100
// A line break in a header would be another header.
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/

/**
 * Kept HTTP/1.1 connections to one origin: as many as there are requests at once, the one used last first, so that the
 * others can grow old. It does a third of what undici's does, at a third of its cost.
 */
export class LeanPool implements Connections, Owner {
  tick = 0
  readonly #connect: Connect
  readonly #prefix: string
  readonly #idle: Connection[] = []
  readonly #all = new Set<Connection>()
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #connecting = 0
  #whenEmpty: () => void = () => undefined

  constructor(origin: string, connect: Connect) {
    this.#connect = connect
    this.#prefix = ` HTTP/1.1\r\nhost: ${new URL(origin).host}\r\nconnection: keep-alive\r\n`
  }

  dispatch(asked: Asked, handler: Dispatcher.DispatchHandler): void {
    if (this.#closed) throw new errors.ClientClosedError()
    if (asked.headers.some((text) => UNSENDABLE.test(text))) throw new errors.InvalidArgumentError('invalid header')
    const exchange = new Exchange(asked, handler)
    for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
      if (kept.usable && kept.idleUntil > this.tick) return kept.send(exchange, this.#prefix)
      kept.fail(new errors.SocketError('kept too long'))
    }
    this.#open(exchange)
  }

  free(connection: Connection, keepMs: number): void {
    connection.idleUntil = this.tick + keepMs / TICK_MS
    // The event loop looks at every connection once before it is used again: a provider that closes behind its answer
    // without having said so has mostly done it by then, and what is sent to it after that may not be sent again.
    setImmediate(() => setImmediate(() => this.#rested(connection)))
  }

  #rested(connection: Connection): void {
    if (this.#closed) connection.fail(new errors.ClientClosedError())
    else if (connection.usable) this.#idle.push(connection)
  }

  gone(connection: Connection): void {
    if (!this.#all.delete(connection)) return
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
    this.#rest()
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const kept of [...this.#idle]) kept.fail(new errors.ClientClosedError())
    if (this.#all.size === 0 && this.#connecting === 0) return
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve
    })
  }

  #open(exchange: Exchange): void {
    this.#connecting++
    this.#connect((error, socket) => {
      this.#connecting--
      if (!socket) {
        this.#rest()
        return exchange.handler.onResponseError?.(exchange, error ?? new errors.SocketError('no connection'))
      }
      this.#timer ??= setInterval(() => this.#sweep(), TICK_MS).unref()
      const connection = new Connection(socket, this)
      this.#all.add(connection)
      connection.send(exchange, this.#prefix)
    })
  }

  /** Looks after time: of silent answers, and of connections that nobody uses. */
  #sweep(): void {
    this.tick++
    for (const connection of this.#all) connection.checkTime(TICK_MS)
    for (const kept of this.#idle.filter(({ idleUntil }) => idleUntil <= this.tick)) {
      kept.fail(new errors.SocketError('kept too long'))
    }
  }

  #rest(): void {
    if (this.#all.size > 0 || this.#connecting > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#whenEmpty()
  }
}
