import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'

/** An answer that is no success, in the form of CONTRACT.md section 1. The message is for strangers to read. */
export type HttpError = {
  readonly status: number
  readonly type: string
  readonly code: string
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

const invalid = (status: number, code: string, message: string, headers?: HttpError['headers']): HttpError => ({
  status,
  type: 'invalid_request_error',
  code,
  message,
  ...(headers && { headers }),
})

const closing = { connection: 'close' }

export const HTTP_ERRORS = {
  badRequest: invalid(400, 'bad_request', 'The request is not valid HTTP.', closing),
  notFound: invalid(404, 'not_found', 'There is nothing here.'),
  getOnly: invalid(405, 'method_not_allowed', 'This address answers GET only.', { allow: 'GET, HEAD' }),
  requestTimeout: invalid(408, 'request_timeout', 'The request took too long to arrive.', closing),
  requestTooLarge: invalid(413, 'request_too_large', 'The request is too large.', closing),
  misdirected: invalid(421, 'misdirected_request', 'This server is not known under that host name.'),
  headersTooLarge: invalid(431, 'headers_too_large', 'The request headers are too large.', closing),
  unauthenticated: {
    status: 401,
    type: 'authentication_error',
    code: 'invalid_api_key',
    message: 'An access token is needed of somebody who may read this.',
    headers: { 'www-authenticate': 'Bearer' },
  },
  draining: {
    status: 503,
    type: 'server_error',
    code: 'draining',
    message: 'This process is about to end.',
    headers: { 'retry-after': '1' },
  },
  notReady: {
    status: 503,
    type: 'server_error',
    code: 'overloaded',
    message: 'This process cannot take requests at the moment.',
    headers: { 'retry-after': '1' },
  },
  controlAway: {
    status: 503,
    type: 'server_error',
    code: 'overloaded',
    message: 'This part of the server is being started. Try again in a moment.',
    headers: { 'retry-after': '1' },
  },
  internal: { status: 500, type: 'server_error', code: 'internal_error', message: 'Something went wrong on our side.' },
} as const satisfies Readonly<Record<string, HttpError>>

/** Whether a request may pass where `getOnly` refuses. Node sends the same head for both, and no body for HEAD. */
export const isGet = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD'

/** Sends the error as the whole answer; a no-op when one has begun. */
export function answerHttpError(req: IncomingMessage, res: ServerResponse, error: HttpError, requestId: string): void {
  if (res.headersSent) return
  const body = bodyOf(error)
  res.writeHead(error.status, { ...headersOf(error, requestId), 'content-length': String(Buffer.byteLength(body)) })
  res.end(req.method === 'HEAD' ? undefined : body)
}

/** The same as bytes, for a connection on which no request could be read. It must be closed afterwards. */
export function rawHttpError(error: HttpError, requestId: string): string {
  const body = bodyOf(error)
  const headers = {
    ...headersOf(error, requestId),
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\n${lines.join('')}\r\n${body}`
}

function headersOf(error: HttpError, requestId: string): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
    ...error.headers,
  }
}

function bodyOf({ message, type, code }: HttpError): string {
  return JSON.stringify({ error: { message, type, param: null, code } })
}
