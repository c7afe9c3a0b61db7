import { errors } from 'undici'

/** Values as they were sent; a name that came more than once has them all. */
export type AnswerHeaders = Record<string, string | string[]>

/** How long the body is: its bytes, in chunks, or until the connection ends. */
export type Framing = number | 'chunked' | 'close'

export type AnswerHead = {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly framing: Framing
  /** For how long the connection may be used again (ms); 0: not at all. */
  readonly keepMs: number
}

const KEEP_MS = 30_000
const MAX_KEEP_MS = 60_000
/** A provider that says when it will close is believed to be this much too slow to say so. */
const KEEP_MARGIN_MS = 2_000

const STATUS = /^HTTP\/1\.([01]) ([1-9]\d{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/
const LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/
const LENGTH = /^\d{1,15}$/

export const garbled = (what: string): Error => new errors.HTTPParserError(`Response is not valid HTTP: ${what}`)

/**
 * Reads status and headers, as strictly as the standard lets a client be: what two programs could read differently is
 * no answer. `text` is everything before the empty line, one character per byte.
 */
export function readAnswerHead(text: string): AnswerHead {
  const lines = text.split('\r\n')
  const [, minor, code] = STATUS.exec(lines[0] ?? '') ?? []
  if (code === undefined) throw garbled('status line')
  const headers: AnswerHeaders = {}
  for (let at = 1; at < lines.length; at++) addLine(headers, lines[at] ?? '')
  const status = Number(code)
  const framing = framingOf(status, headers)
  return { status, headers, framing, keepMs: framing === 'close' ? 0 : keepMsOf(minor === '1', headers) }
}

function addLine(headers: AnswerHeaders, line: string): void {
  const [, given, padded] = LINE.exec(line) ?? []
  if (given === undefined || padded === undefined) throw garbled('header')
  const name = given.toLowerCase()
  // Such a name would change the object instead of what it holds.
  if (name === '__proto__') return
  const value = padded.trimEnd()
  // Under a name like `constructor` an object has something before anything was put there.
  const before: unknown = headers[name]
  if (typeof before === 'string') headers[name] = [before, value]
  else if (Array.isArray(before)) before.push(value)
  else headers[name] = value
}

function framingOf(status: number, headers: AnswerHeaders): Framing {
  const { 'content-length': length, 'transfer-encoding': coding } = headers
  if (status === 101) throw new errors.SocketError('bad upgrade')
  if (length !== undefined && coding !== undefined) throw garbled('two framings')
  if (status < 200 || status === 204 || status === 304) return 0
  if (coding !== undefined) {
    if (typeof coding !== 'string' || coding.toLowerCase() !== 'chunked') throw garbled('transfer coding')
    return 'chunked'
  }
  if (length === undefined) return 'close'
  if (typeof length !== 'string' || !LENGTH.test(length)) throw garbled('content length')
  return Number(length)
}

function keepMsOf(isCurrent: boolean, { connection, 'keep-alive': hint }: AnswerHeaders): number {
  const said = connection === undefined ? '' : String(connection).toLowerCase()
  if (said.includes('close') || (!isCurrent && !said.includes('keep-alive'))) return 0
  const seconds = hint === undefined ? undefined : /timeout=(\d{1,6})/i.exec(String(hint))?.[1]
  if (seconds === undefined) return KEEP_MS
  return Math.max(0, Math.min(MAX_KEEP_MS, Number(seconds) * 1000 - KEEP_MARGIN_MS))
}
