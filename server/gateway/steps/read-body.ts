import { noteLargeBody } from '../../lib/memory.ts'
import { type Call, CallerLeft } from '../call.ts'
import { readBoundary } from '../form.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Presence } from '../presence.ts'
import { Refusal } from '../refusal.ts'
import { FORMS, type Route } from '../route.ts'

const BODY_TIMEOUT_MS = 60_000
const LARGE_BYTES = 32 * 1024
const JSON_TYPE = /^application\/json\s*(?:;|$)/i

/**
 * The whole body, and how long it took the caller to send it (ms); of a form, the boundary of its parts. A form is read
 * to its end as well: the model, and with it the permission, may stand behind the file.
 */
export type Body = { readonly bytes: Buffer; readonly waitedMs: number; readonly boundary: string | null }

/** Refuses what is not of the endpoint's type, or too long. */
export function readBody(gateway: Pipeline, { req }: Call, route: Route, presence: Presence): Body | Promise<Body> {
  const { headers } = req
  const boundary = readType(headers['content-type'] ?? '', route)
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new Refusal('unsupported_media_type', { param: 'content-encoding' })
  }
  if (Number(headers['content-length'] ?? 0) > gateway.maxBodyBytes) throw tooLarge(gateway)
  if (presence.left) throw new CallerLeft()
  if (req.whole) return { bytes: req.whole, waitedMs: 0, boundary }
  const startedAt = performance.now()
  presence.deadlineAt = startedAt + BODY_TIMEOUT_MS
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const stop = (error: Error) => {
      req.off('data', take)
      reject(error)
    }
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size > gateway.maxBodyBytes) stop(tooLarge(gateway))
      else chunks.push(chunk)
    }
    req.on('data', take)
    req.once('end', () => {
      const [only] = chunks
      if (size > LARGE_BYTES) noteLargeBody(size)
      const bytes = chunks.length === 1 && only ? only : Buffer.concat(chunks, size)
      resolve({ bytes, waitedMs: performance.now() - startedAt, boundary })
    })
    req.once('error', () => stop(new CallerLeft()))
    presence.onLeft = () => stop(new CallerLeft())
    presence.onCut = stop
  })
}

function readType(contentType: string, { endpoint }: Route): string | null {
  if (!FORMS.has(endpoint)) {
    if (JSON_TYPE.test(contentType)) return null
    throw new Refusal('unsupported_media_type', { param: 'content-type' })
  }
  const boundary = readBoundary(contentType)
  if (boundary !== null) return boundary
  const message = 'The body must be sent as multipart/form-data with its boundary.'
  throw new Refusal('unsupported_media_type', { message, param: 'content-type' })
}

const tooLarge = ({ maxBodyBytes }: Pipeline) =>
  new Refusal('request_too_large', { message: `The body is larger than ${maxBodyBytes} bytes.` })
