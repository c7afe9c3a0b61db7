import type { Server } from 'node:http'
import { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Clock } from '../../lib/clock.ts'
import type { CallerAnswer, CallerRequest } from '../call.ts'
import { LaneConnection, type LaneOwner } from './connection.ts'

type Settings = {
  readonly clock: Clock
  readonly work: (req: CallerRequest, res: CallerAnswer) => void
  readonly isOurHost: (host: string) => boolean
  readonly draining: () => boolean
  /** As node:http has them: until the first request, for a whole request, and between two (ms). */
  readonly headersTimeout: number
  readonly requestTimeout: number
  readonly keepAliveTimeout: number
}

const SWEEP_MS = 1_000

/**
 * Lets plain `/work` requests pass beside node:http, at a third of its cost. Whatever is not plain goes on there with
 * the very same bytes, and the connection stays there. Closing the server closes the lane's connections as well.
 */
export function installLane(server: Server, settings: Settings): void {
  const { clock, keepAliveTimeout } = settings
  const event = server instanceof TlsServer ? 'secureConnection' : 'connection'
  const theirs = server.listeners(event).at(-1)
  if (theirs === undefined) throw new Error('node:http does not listen for connections')
  const all = new Set<LaneConnection>()
  // Counted, not measured: what this process did not get to in time is no delay of its callers.
  let now = 0
  let date = clock.now().toUTCString()
  const tail = `keep-alive: timeout=${Math.floor(keepAliveTimeout / 1000)}\r\n\r\n`

  const lane: LaneOwner = {
    now: () => now,
    headEnd: (closing) =>
      closing || settings.draining()
        ? `date: ${date}\r\nconnection: close\r\n\r\n`
        : `date: ${date}\r\nconnection: keep-alive\r\n${tail}`,
    takes: ({ host }) => settings.isOurHost(host),
    work: settings.work,
    used: (socket) => server.emit('used', socket),
    handOver: (socket) => theirs.call(server, socket),
    cutOff: (socket) => fail(server, new Error('cut off'), socket),
    gone: (connection) => all.delete(connection),
    draining: settings.draining,
  }

  const timer = setInterval(() => {
    now += SWEEP_MS
    date = clock.now().toUTCString()
    for (const connection of all) checkTime(server, connection, now, settings)
  }, SWEEP_MS).unref()

  server.removeListener(event, theirs as (socket: Socket) => void)
  server.on(event, (socket: Socket) => all.add(new LaneConnection(socket, lane)))
  server.once('close', () => clearInterval(timer))
  closeWith(server, all)
}

function closeWith(server: Server, all: ReadonlySet<LaneConnection>): void {
  const closeIdle = server.closeIdleConnections.bind(server)
  const closeAll = server.closeAllConnections.bind(server)
  server.closeIdleConnections = () => {
    closeIdle()
    for (const { socket, req, isNew } of all) if (req === null && !isNew) socket.destroy()
  }
  server.closeAllConnections = () => {
    closeAll()
    for (const { socket } of all) socket.destroy()
  }
}

function checkTime(server: Server, connection: LaneConnection, now: number, settings: Settings): void {
  const { socket, req, res, isNew, waitsSince } = connection
  const waitedMs = now - waitsSince
  if (req === null && !isNew && waitedMs > settings.keepAliveTimeout) return void socket.destroy()
  const isLate =
    req === null ? isNew && waitedMs > settings.headersTimeout : !req.complete && waitedMs > settings.requestTimeout
  if (!isLate) return
  if (res?.headersSent) socket.destroy()
  else fail(server, Object.assign(new Error('too slow'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket)
}

/** As node:http does it: a connection that nobody wants to answer on is closed. */
function fail(server: Server, error: Error, socket: Socket): void {
  if (!server.emit('clientError', error, socket)) socket.destroy()
}
