import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Ask } from './ask.ts'
import type { Directive } from './directive.ts'
import type { LedgerEntry } from './ledger.ts'
import type { SseEvent } from './openai.ts'

/** Everything one answer needs; `gone` fires when the caller's connection ends, whoever ended it. */
export type Exchange = {
  readonly res: ServerResponse
  readonly entry: LedgerEntry
  readonly directive: Directive
  readonly gone: AbortSignal
}

/** Headers no gateway may hand on: cookies, CORS, hop-by-hop, the maker of the server. */
const rudeHeaders: Readonly<Record<string, string | readonly string[]>> = {
  'set-cookie': ['provider_session=secret; Path=/; HttpOnly', 'tracking=1'],
  'access-control-allow-origin': '*',
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'x-hop',
  server: 'fake-provider/1.0',
  'x-powered-by': 'fake',
  connection: 'keep-alive, x-hop',
  'x-hop': 'nominated by Connection',
  'proxy-authenticate': 'Basic realm="fake"',
  'alt-svc': 'h3=":443"',
  'strict-transport-security': 'max-age=1',
}

function headersOf(exchange: Exchange): Record<string, string | readonly string[]> {
  const { directive, entry } = exchange
  return {
    'x-request-id': `req_fake${entry.seq}`,
    'openai-processing-ms': '1',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-reset-requests': '6ms',
    ...(directive.retry_after === '' ? {} : { 'retry-after': directive.retry_after }),
    ...(directive.redirect === '' ? {} : { location: directive.redirect }),
    ...(directive.rude ? rudeHeaders : {}),
    ...(directive.trailers ? { trailer: 'x-fake-trailer' } : {}),
  }
}

const forever = (gone: AbortSignal) => wait(2 ** 31 - 1, undefined, { signal: gone, ref: false })

function resetNow(exchange: Exchange): void {
  if (exchange.entry.end === 'open') exchange.entry.end = 'reset'
  exchange.res.socket?.resetAndDestroy()
}

/** What comes before the status line: waiting, never answering, a reset, informational answers. */
export async function beforeAnswer(exchange: Exchange): Promise<boolean> {
  const { directive, gone, res } = exchange
  if (directive.latency > 0) await wait(directive.latency, undefined, { signal: gone })
  if (directive.stall === 'headers') await forever(gone)
  if (directive.socket === 'headers') {
    resetNow(exchange)
    return false
  }
  if (directive.info === 102) res.writeProcessing()
  if (directive.info === 103) res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
  return true
}

/** Writes bytes, waits for the socket to take them, and resets at the byte the directive names. False: it was reset. */
async function write(exchange: Exchange, bytes: Buffer): Promise<boolean> {
  const { res, entry, directive, gone } = exchange
  const room = directive.reset < 0 ? bytes.length : Math.max(0, directive.reset - entry.bytesSent)
  const part = bytes.subarray(0, room)
  if (part.length > 0) {
    entry.firstByteAt ??= Date.now()
    entry.bytesSent += part.length
    if (!res.write(part)) await once(res, 'drain', { signal: gone })
  }
  if (directive.reset >= 0 && entry.bytesSent >= directive.reset) {
    // A reset discards what the kernel still holds; the pause lets the bytes leave first.
    res.flushHeaders()
    await wait(30)
    resetNow(exchange)
    return false
  }
  return true
}

function mangle(text: string, kind: string): string {
  if (kind === 'broken') return text.slice(0, Math.floor(text.length / 2))
  if (kind === 'html') return '<html><body><h1>502 Bad Gateway</h1></body></html>'
  if (kind === 'empty') return ''
  return kind === 'null' ? 'null' : text
}

function finish(exchange: Exchange): void {
  const { res, directive } = exchange
  const socket = res.socket
  if (directive.trailers) res.addTrailers({ 'x-fake-trailer': 'done' })
  res.end(() => {
    // A wrong Content-Length leaves the connection out of step, and `close` plays the keep-alive race.
    if (directive.socket === 'close' || directive.length !== 0) socket?.destroy()
  })
}

/** Sends one JSON answer with its true (or, when directed, a wrong) length. */
export async function sendJson(exchange: Exchange, status: number, body: object): Promise<void> {
  const { res, directive, entry } = exchange
  const bytes = Buffer.from(mangle(JSON.stringify(body), directive.json))
  const headers = headersOf(exchange)
  const type = directive.json === 'html' ? 'text/html' : 'application/json'
  const framing = directive.trailers ? {} : { 'content-length': String(bytes.length + directive.length) }
  entry.status = status
  // Node's own type wants mutable lists of header values.
  const copied = Object.entries({ 'content-type': type, ...framing, ...headers })
  for (const [name, value] of copied) res.setHeader(name, value)
  res.writeHead(status)
  if (!(await write(exchange, bytes))) return
  finish(exchange)
}

function frame(event: SseEvent, eol: string): string {
  const name = event.event === undefined ? '' : `event: ${event.event}${eol}`
  return `${name}data: ${event.data}${eol}${eol}`
}

const eolOf = (name: string): string => (name === 'crlf' ? '\r\n' : name === 'cr' ? '\r' : '\n')

async function writeEvent(exchange: Exchange, text: string): Promise<boolean> {
  const bytes = Buffer.from(text)
  const step = exchange.directive.split > 0 ? exchange.directive.split : bytes.length
  for (let at = 0; at < bytes.length; at += step) {
    if (!(await write(exchange, bytes.subarray(at, at + step)))) return false
    // One turn of the event loop per piece, or the kernel would join them again.
    if (step < bytes.length) await wait(0, undefined, { signal: exchange.gone })
  }
  return true
}

const errorEvent = JSON.stringify({
  error: { message: 'The server had an error', type: 'server_error', param: null, code: null },
})

/** Sends the events as a stream, paced, split, stalled, broken or cut as the directive says. */
export async function sendStream(exchange: Exchange, ask: Ask, events: Iterable<SseEvent>): Promise<void> {
  const { res, directive, entry, gone } = exchange
  const eol = eolOf(directive.eol)
  entry.status = 200
  for (const [name, value] of Object.entries(headersOf(exchange))) res.setHeader(name, value)
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  res.flushHeaders()
  const stallAt = directive.stall === '' ? -1 : Number(directive.stall)
  let count = 0
  for (const event of events) {
    if (count === stallAt) await forever(gone)
    if (count > 0 && directive.delay > 0) await wait(directive.delay, undefined, { signal: gone })
    // An endless stream must hand the turn back, or nobody would notice that the caller left.
    if (ask.directive.endless && directive.delay === 0 && count % 50 === 49) await wait(0)
    if (gone.aborted) return
    const failed = count === directive.error_event
    const comment = directive.comments ? `: keep open${eol}${eol}` : ''
    const mark = directive.bom && count === 0 ? '\uFEFF' : ''
    const text = failed ? frame({ data: errorEvent }, eol) : frame(event, eol)
    if (!(await writeEvent(exchange, `${mark}${comment}${text}`))) return
    count += 1
    entry.chunksSent = count
    if (failed) break
  }
  finish(exchange)
}
