import { type Call, CallerLeft } from './call.ts'
import type { Pipeline } from './pipeline.ts'
import { errorBody, Refusal } from './refusal.ts'
import { work } from './work.ts'

/** A body that nobody reads may be this long before the connection is given up for it. */
const DISCARD_BYTES = 1024 * 1024
const LINGER_MS = 1_000
const CLOSING: ReadonlySet<string> = new Set(['request_timeout', 'request_too_large', 'headers_too_large'])

/** Runs one request to its end. The only place where an error becomes an answer. */
export async function serve(gateway: Pipeline, call: Call): Promise<void> {
  try {
    await work(gateway, call)
  } catch (error) {
    if (error instanceof CallerLeft) return
    if (error instanceof Refusal) return answerRefusal(call, error)
    gateway.log.error({ err: error, requestId: call.id }, 'a request failed unexpectedly')
    answerRefusal(call, new Refusal('internal_error'))
  }
}

function answerRefusal({ req, res, id, time }: Call, refusal: Refusal): void {
  if (res.destroyed) return
  // Whatever follows the head would be taken for the answer.
  if (res.headersSent) return void res.destroy()
  const body = Buffer.from(errorBody(refusal))
  const mustClose =
    CLOSING.has(refusal.code) || (!req.complete && Number(req.headers['content-length'] ?? 0) > DISCARD_BYTES)
  res.writeHead(refusal.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': id,
    'x-aic-overhead-us': time.ownUs,
    ...refusal.headers,
    ...(mustClose ? { connection: 'close' } : {}),
  })
  if (!mustClose || req.complete) return void res.end(body)
  // A connection closed on a caller who still sends is reset, and the reset overtakes this answer: read on a little.
  res.write(body)
  const end = () => res.end()
  const timer = setTimeout(end, LINGER_MS)
  req
    .once('close', () => clearTimeout(timer))
    .once('end', end)
    .resume()
}
