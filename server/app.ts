import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { CallerAnswer, CallerRequest } from './gateway/call.ts'
import { installLane } from './gateway/lane/lane.ts'
import type { Clock } from './lib/clock.ts'
import { consoleFiles, setSecurityHeaders } from './lib/console-files.ts'
import { hostCheck } from './lib/hosts.ts'
import { answerHttpError, HTTP_ERRORS, type HttpError, isGet, rawHttpError } from './lib/http-error.ts'
import type { Parts } from './lib/parts.ts'

/** What the handler hands requests to. */
export type Routes = {
  readonly work: (req: IncomingMessage, res: ServerResponse) => void
  /** What answers plain `/work` requests beside node:http; without it nothing does. */
  readonly lane?: { readonly clock: Clock; readonly work: (req: CallerRequest, res: CallerAnswer) => void }
  /** `/graphql`, `/export/…`, `/leaks` and `/metrics`. */
  readonly control: (req: IncomingMessage, res: ServerResponse) => void
  /** Null: requests are welcome. */
  readonly notReady: () => HttpError | null
  readonly draining: () => boolean
  readonly consoleDir?: string
}

const CONSOLE_DIR = fileURLToPath(new URL('../console/dist', import.meta.url))

// A caller who sends headers drop by drop holds a connection this long, not Node's default of a minute.
const HEADERS_TIMEOUT_MS = 10_000
// For the largest body this is 2 Mbit/s, which a program that calls a model has.
const REQUEST_TIMEOUT_MS = 45_000
// Longer than the idle time of common load balancers, so that they close first and never use a dying connection.
const KEEP_ALIVE_MS = 75_000
const CHECK_EVERY_MS = 1_000
const MAX_HEADER_BYTES = 32 * 1024

const SERVER_OPTIONS = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: CHECK_EVERY_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
  // Checked here instead, because Node's own answer has no body and no request id.
  requireHostHeader: false,
  noDelay: true,
} as const

/** The one HTTP server; it does not listen yet. */
export function createApp(parts: Pick<Parts, 'config' | 'random' | 'log'>, routes: Routes): Server {
  const { tls } = parts.config
  const handle = createHandler(parts, routes)
  const { lane, draining } = routes
  const server = tls ? createTlsServer({ ...SERVER_OPTIONS, ...tls }, handle) : createServer(SERVER_OPTIONS, handle)
  if (lane && parts.config.fastPath)
    installLane(server, { ...SERVER_OPTIONS, ...lane, draining, isOurHost: hostCheck(parts.config) })
  const newId = () => parts.random.uuidv7()
  server.on('clientError', (error, socket) => answerClientError(error, socket, newId()))
  server.on('checkContinue', (req, res) => {
    continueWhenRead(req, res)
    handle(req, res)
  })
  server.on('checkExpectation', (req, res) => answerHttpError(req, res, HTTP_ERRORS.badRequest, newId()))
  // Without a listener Node drops the connection without a word.
  server.on('connect', (_req, socket) => closeWith(socket, rawHttpError(HTTP_ERRORS.notFound, newId())))
  return server
}

function createHandler({ config, random, log }: Pick<Parts, 'config' | 'random' | 'log'>, routes: Routes) {
  const isOurHost = hostCheck(config)
  const files = consoleFiles(routes.consoleDir ?? CONSOLE_DIR)
  const secure = config.tls !== null || config.publicUrl?.startsWith('https:') === true

  function dispatch(req: IncomingMessage, res: ServerResponse): void {
    const refuse = (error: HttpError) => answerHttpError(req, res, error, random.uuidv7())
    if (routes.draining()) res.setHeader('connection', 'close')
    const path = pathOf(req)
    if (path === null) return refuse(HTTP_ERRORS.badRequest)
    // Probes come from machines that know an address, not a name.
    if (path === '/healthz') return answerProbe(req, res, null, random.uuidv7())
    if (path === '/readyz') return answerProbe(req, res, routes.notReady(), random.uuidv7())
    const host = oneHost(req)
    if (host === null) return refuse(HTTP_ERRORS.badRequest)
    if (!isOurHost(host)) return refuse(HTTP_ERRORS.misdirected)
    if (path === '/work' || path.startsWith('/work/')) return routes.work(req, res)
    setSecurityHeaders(res, secure)
    if (isControl(path)) return routes.control(req, res)
    // Most of what is sent elsewhere was meant for /work: that nothing is there says more than that it cannot be sent.
    if (!isGet(req)) return refuse(path === '/' ? HTTP_ERRORS.getOnly : HTTP_ERRORS.notFound)
    files(req, res, () => refuse(HTTP_ERRORS.notFound))
  }

  return (req: IncomingMessage, res: ServerResponse): void => {
    try {
      dispatch(req, res)
    } catch (error) {
      log.error({ err: error }, 'a request failed outside its handler')
      if (res.headersSent) res.destroy()
      else answerHttpError(req, res, HTTP_ERRORS.internal, random.uuidv7())
    }
  }
}

const CONTROL = new Set(['/graphql', '/leaks', '/metrics'])
const isControl = (path: string) => CONTROL.has(path) || path.startsWith('/export/')

/** The path as it was sent; null for `*`, for another server's absolute URL and for anything else that is no path. */
function pathOf(req: IncomingMessage): string | null {
  const target = req.url ?? ''
  if (!target.startsWith('/')) return null
  const end = target.search(/[?#]/)
  return end === -1 ? target : target.slice(0, end)
}

/** Node takes the first of two `Host` headers, a proxy before it perhaps the second: neither counts. */
function oneHost(req: IncomingMessage): string | null {
  const hosts = req.headersDistinct['host'] ?? []
  return hosts.length === 1 ? (hosts[0] ?? null) : null
}

function answerProbe(req: IncomingMessage, res: ServerResponse, problem: HttpError | null, requestId: string): void {
  if (!isGet(req)) return answerHttpError(req, res, HTTP_ERRORS.getOnly, requestId)
  if (problem !== null) return answerHttpError(req, res, problem, requestId)
  res.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  res.end(req.method === 'HEAD' ? undefined : '{"status":"ok"}')
}

/**
 * A caller who asks before sending a body is told to go on when somebody starts to read it, so that a refusal by the
 * headers alone (a wrong key, a body too large) costs no transfer. Refused, the connection cannot be used again: the
 * caller may or may not send the body after all.
 */
function continueWhenRead(req: IncomingMessage, res: ServerResponse): void {
  const read = req._read.bind(req)
  const { shouldKeepAlive } = res
  res.shouldKeepAlive = false
  req._read = (size) => {
    req._read = read
    if (!res.headersSent) {
      res.writeContinue()
      res.shouldKeepAlive = shouldKeepAlive
    }
    read(size)
  }
}

const PARSER_ERRORS: Readonly<Record<string, HttpError>> = {
  HPE_HEADER_OVERFLOW: HTTP_ERRORS.headersTooLarge,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: HTTP_ERRORS.requestTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: HTTP_ERRORS.requestTimeout,
}

function answerClientError(error: Error & { readonly code?: string }, socket: Duplex, requestId: string): void {
  if (isUnused(socket)) return closeIfStillUnused(socket)
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) socket.destroy()
  else closeWith(socket, rawHttpError(PARSER_ERRORS[error.code ?? ''] ?? HTTP_ERRORS.badRequest, requestId))
}

// A connection that a caller has opened in advance: its first request may be on the way, and would get this answer.
const isUnused = (socket: Duplex) => 'bytesRead' in socket && socket.bytesRead === 0

// What has come and was not read yet is read before this looks again.
const closeIfStillUnused = (socket: Duplex) => void setImmediate(() => isUnused(socket) && socket.destroy())

// Bytes in the middle of an answer would become part of it. Node keeps the answer in progress on its socket, and its
// own handling of this event looks there as well.
function isAnswering(socket: Duplex): boolean {
  const answer: unknown = Reflect.get(socket, '_httpMessage')
  return typeof answer === 'object' && answer !== null && Reflect.get(answer, '_header') !== null
}

function closeWith(socket: Duplex, text: string): void {
  socket.on('error', () => socket.destroy())
  socket.end(text, () => socket.destroy())
}
