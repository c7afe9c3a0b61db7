import type { Socket } from 'node:net'
import { LaneAnswer, type Owner } from './answer.ts'
import { LaneRequest } from './request.ts'
import { type RequestHead, readRequestHead } from './request-head.ts'

/** What a connection needs of the lane. */
export type LaneOwner = {
  readonly now: () => number
  readonly headEnd: (closing: boolean) => string
  /** False: this request is not for the lane. */
  takes(head: RequestHead): boolean
  work(req: LaneRequest, res: LaneAnswer): void
  /** The first request of this connection is in the lane. */
  used(socket: Socket): void
  /** node:http takes the connection from here on. */
  handOver(socket: Socket): void
  /** The caller has ended in the middle of a request. */
  cutOff(socket: Socket): void
  gone(connection: LaneConnection): void
  draining(): boolean
}

const EMPTY: Buffer = Buffer.alloc(0)
/** Bytes of later requests that may wait here while one is being answered. */
const MAX_AHEAD = 64 * 1024

/** A caller's connection for as long as it sends plain requests, one after the other. */
export class LaneConnection implements Owner {
  readonly socket: Socket
  readonly headEnd: LaneOwner['headEnd']
  /** When it last began to wait: for its first request, the next one, or the rest of a body. */
  waitsSince: number
  isNew = true
  req: LaneRequest | null = null
  res: LaneAnswer | null = null
  readonly #lane: LaneOwner
  #ahead: Buffer = EMPTY
  readonly #onData = (bytes: Buffer) => this.#take(bytes)
  readonly #onEnd = () => this.#ended()
  readonly #onClose = () => this.#closed()
  readonly #onError = () => this.socket.destroy()
  readonly #onDrain = () => this.res?.drained()

  constructor(socket: Socket, lane: LaneOwner) {
    this.socket = socket
    this.headEnd = lane.headEnd
    this.#lane = lane
    this.waitsSince = lane.now()
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClose)
    socket.on('error', this.#onError)
    socket.on('drain', this.#onDrain)
  }

  answered(closing: boolean): void {
    const { req } = this
    this.res = null
    this.req = null
    this.waitsSince = this.#lane.now()
    // The rest of a body that nobody wants would be taken for a request.
    if (closing || req?.complete === false || this.#lane.draining()) return this.socket.destroySoon()
    // Not from within the answer to the one before. What comes in until then is kept behind it.
    if (this.#ahead.length > 0) setImmediate(() => this.#takeAhead())
  }

  #takeAhead(): void {
    if (this.socket.destroyed || this.req !== null) return
    const ahead = this.#ahead
    this.#ahead = EMPTY
    this.#take(ahead)
    this.socket.resume()
  }

  #take(bytes: Buffer): void {
    const { req } = this
    if (req !== null) {
      const rest = req.complete ? bytes : req.take(bytes)
      if (rest !== null) this.#keep(rest)
      return
    }
    // What was kept goes first.
    if (this.#ahead.length > 0) return this.#keep(bytes)
    const head = readRequestHead(bytes)
    if (head === null || !this.#lane.takes(head)) return this.#leave(bytes)
    const end = head.end + head.bodyBytes
    this.req = new LaneRequest(this.socket, head, bytes)
    this.res = new LaneAnswer(this)
    if (bytes.length > end) this.#keep(bytes.subarray(end))
    this.waitsSince = this.#lane.now()
    if (this.isNew) this.#lane.used(this.socket)
    this.isNew = false
    this.#lane.work(this.req, this.res)
  }

  #keep(bytes: Buffer): void {
    this.#ahead = this.#ahead.length === 0 ? bytes : Buffer.concat([this.#ahead, bytes])
    if (this.#ahead.length > MAX_AHEAD) this.socket.pause()
  }

  #leave(bytes: Buffer): void {
    const { socket } = this
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('close', this.#onClose)
    socket.off('error', this.#onError)
    socket.off('drain', this.#onDrain)
    this.#lane.gone(this)
    socket.pause()
    socket.unshift(bytes)
    this.#lane.handOver(socket)
    socket.resume()
  }

  /** A caller who says that it will send no more is taken for gone, as node:http does. */
  #ended(): void {
    if (this.req?.complete === false && !this.res?.headersSent) this.#lane.cutOff(this.socket)
    else this.socket.end()
  }

  #closed(): void {
    this.#lane.gone(this)
    this.res?.gone()
    this.req?.gone()
  }
}
