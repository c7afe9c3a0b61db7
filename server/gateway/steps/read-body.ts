import { Body } from '../body.ts'
import { type Call, CallerLeft } from '../call.ts'
import { readBoundary } from '../form.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Presence } from '../presence.ts'
import { Refusal } from '../refusal.ts'
import { FORMS, type Route } from '../route.ts'

const BODY_TIMEOUT_MS = 60_000
const UNCOMPRESSED = /^(?:identity)?$/i
const JSON_TYPE = /^application\/json\s*(?:;|$)/i
/** The bytes were read as UTF-8: a provider that reads them as anything else may find another model in them. */
const OTHER_CHARSET = /;\s*charset\s*=(?!\s*"?utf-?8"?\s*(?:;|$))/i

/**
 * The whole body. A form is read to its end as well: the model, and with it the permission, may stand behind the file.
 * Refuses what is not of the endpoint's type, or too long.
 */
export function readBody(
  gateway: Pipeline,
  { req, time }: Call,
  route: Route,
  presence: Presence,
): Body | Promise<Body> {
  const { headers } = req
  const boundary = readType(headers['content-type'] ?? '', route)
  if (!UNCOMPRESSED.test(headers['content-encoding'] ?? '')) {
    throw new Refusal('unsupported_media_type', { param: 'content-encoding' })
  }
  const expected = Number(headers['content-length'] ?? 0)
  if (expected > gateway.maxBodyBytes) throw tooLarge(gateway)
  if (presence.left) throw new CallerLeft()
  const body = new Body(gateway.bodies, boundary)
  if (req.whole) {
    body.add(req.whole, expected)
    return body
  }
  const now = performance.now()
  time.waits(now)
  presence.deadlineAt = now + BODY_TIMEOUT_MS
  return new Promise((resolve, reject) => {
    const stop = (error: Error) => {
      req.off('data', take)
      reject(error)
    }
    const take = (piece: Buffer) => {
      if (body.size + piece.length > gateway.maxBodyBytes) stop(tooLarge(gateway))
      else body.add(piece, expected)
    }
    req.on('data', take)
    req.once('end', () => {
      time.goesOn(performance.now())
      resolve(body)
    })
    req.once('error', () => stop(new CallerLeft()))
    presence.onLeft = () => stop(new CallerLeft())
    presence.onCut = stop
  })
}

function readType(contentType: string, { endpoint }: Route): string | null {
  if (!FORMS.has(endpoint)) {
    if (JSON_TYPE.test(contentType) && !OTHER_CHARSET.test(contentType)) return null
    throw new Refusal('unsupported_media_type', { param: 'content-type' })
  }
  const boundary = readBoundary(contentType)
  if (boundary !== null) return boundary
  const message = 'The body must be sent as multipart/form-data with its boundary.'
  throw new Refusal('unsupported_media_type', { message, param: 'content-type' })
}

const tooLarge = ({ maxBodyBytes }: Pipeline) =>
  new Refusal('request_too_large', { message: `The body is larger than ${maxBodyBytes} bytes.` })
