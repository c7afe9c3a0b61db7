import type { IncomingHttpHeaders } from 'node:http'

/** The head of a plain request: nothing in it can be read in two ways. */
export type RequestHead = {
  readonly url: string
  readonly host: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly bodyBytes: number
  /** Where the body begins. */
  readonly end: number
}

const MAX_HEAD_BYTES = 8 * 1024
const MAX_LINES = 64
const HEAD_END = Buffer.from('\r\n\r\n')
const BEGIN = Buffer.from('POST /work')

const PLAIN = /^POST \/work(?:[/?][\x21-\x7e]*)? HTTP\/1\.1(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e]*)+$/
const METHOD = 'POST '
const VERSION = ' HTTP/1.1'
const LENGTH = /^\d{1,12}$/

// They change how the rest of the connection is to be read, or the object that the names are put into.
const UNUSUAL: ReadonlySet<string> = new Set([
  '__proto__',
  'expect',
  'http2-settings',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Reads a whole, plain head: HTTP/1.1, POST below `/work`, every header once, a length and a host. Null for anything
 * else, be it right or wrong: node:http then decides, with the same bytes.
 */
export function readRequestHead(bytes: Buffer): RequestHead | null {
  if (bytes.length < BEGIN.length || bytes.compare(BEGIN, 0, BEGIN.length, 0, BEGIN.length) !== 0) return null
  const end = bytes.indexOf(HEAD_END)
  if (end === -1 || end > MAX_HEAD_BYTES) return null
  const text = bytes.toString('latin1', 0, end)
  if (!PLAIN.test(text)) return null
  const lines = text.split('\r\n')
  if (lines.length > MAX_LINES) return null
  const headers: IncomingHttpHeaders = {}
  const rawHeaders: string[] = []
  for (let at = 1; at < lines.length; at++) if (!addLine(headers, rawHeaders, lines[at] ?? '')) return null
  const url = (lines[0] ?? '').slice(METHOD.length, -VERSION.length)
  const { host, connection, 'content-length': length } = headers
  if (host === undefined || length === undefined || !LENGTH.test(length)) return null
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return null
  return { url, host, headers, rawHeaders, bodyBytes: Number(length), end: end + HEAD_END.length }
}

/** False for a line that changes how others are read, or that was there before. */
function addLine(headers: IncomingHttpHeaders, rawHeaders: string[], line: string): boolean {
  const colon = line.indexOf(':')
  const given = line.slice(0, colon)
  const name = given.toLowerCase()
  if (UNUSUAL.has(name) || headers[name] !== undefined) return false
  const value = line.slice(colon + 1).trim()
  headers[name] = value
  rawHeaders.push(given, value)
  return true
}
