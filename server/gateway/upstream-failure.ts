import { UrlRefused } from '../lib/url-policy.ts'
import { Refusal } from './refusal.ts'

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])
const NOT_HTTP = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  'UND_ERR_INVALID_ARG',
])
const BAD_MESSAGE = /^bad (?:response|upgrade)$/

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '')

/** What a caller is told when the connection to its provider failed. `answering`: an answer had begun. */
export function refusalFor(error: Error, answering: boolean): Refusal {
  const code = codeOf(error)
  if (error instanceof UrlRefused) return new Refusal('upstream_unreachable')
  if (TIMEOUTS.has(code)) return new Refusal('upstream_timeout')
  const isGarbled = error.name === 'HTTPParserError' || NOT_HTTP.has(code) || BAD_MESSAGE.test(error.message)
  if (answering || isGarbled) return new Refusal('upstream_invalid_response')
  return new Refusal('upstream_unreachable')
}

/**
 * True when the provider cannot have got the whole request: the operating system refused to write it, or its pool had
 * been closed before. Only then may it be sent again: a provider bills what it got, answered or not.
 */
export function wasNotSent(error: Error): boolean {
  const code = codeOf(error)
  if (code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED') return true
  const isWrite = 'syscall' in error && error.syscall === 'write'
  return isWrite && (code === 'EPIPE' || code === 'ECONNRESET')
}
