import type { IncomingMessage, ServerResponse } from 'node:http'
import { readSessionCookie } from './cookies.ts'

/** The header a browser cannot add to another site's request without asking first, which it is never allowed. */
export const CSRF_HEADER = 'x-aic-csrf'

type Refusal = { readonly status: number; readonly code: string; readonly message: string; readonly allow?: string }

const hostOf = (origin: string) => {
  try {
    return new URL(origin).host
  } catch {
    return null
  }
}

/** A proxy may ask for this server under another name than people: their browsers know the public one. */
const isOurs = (origin: string, host: string | undefined, publicUrl: string | null) =>
  origin === publicUrl || hostOf(origin) === host

/** Null when the request may go on: POST, JSON, from our own pages or from a script. */
function refusalOf(req: IncomingMessage, publicUrl: string | null): Refusal | null {
  const { headers } = req
  if (req.method !== 'POST') {
    return { status: 405, code: 'METHOD_NOT_ALLOWED', message: 'Use POST.', allow: 'POST' }
  }
  if (headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    return { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', message: 'Send application/json.' }
  }
  if (headers.origin !== undefined && !isOurs(headers.origin, headers.host, publicUrl)) {
    return { status: 403, code: 'FORBIDDEN', message: 'Requests from other sites are not accepted.' }
  }
  const usesCookie = headers.authorization === undefined && readSessionCookie(headers.cookie) !== null
  if (usesCookie && headers[CSRF_HEADER] === undefined) {
    return { status: 403, code: 'FORBIDDEN', message: `A session needs the header ${CSRF_HEADER}: 1.` }
  }
  return null
}

/** Answers in GraphQL's own form and says true when the request must not go on. */
export function refuse(
  req: IncomingMessage,
  res: ServerResponse,
  { requestId, publicUrl }: { readonly requestId: string; readonly publicUrl: string | null },
): boolean {
  const refusal = refusalOf(req, publicUrl)
  if (!refusal) return false
  if (refusal.allow) res.setHeader('allow', refusal.allow)
  answerError(res, refusal, requestId)
  return true
}

/** One GraphQL error as a whole answer. */
export function answerError(res: ServerResponse, { status, code, message }: Refusal, requestId: string): void {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  res.end(JSON.stringify({ errors: [{ message, extensions: { code, requestId } }] }))
}
