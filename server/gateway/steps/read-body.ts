import { noteLargeBody } from '../../lib/memory.ts'
import { type Call, CallerLeft } from '../call.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Presence } from '../presence.ts'
import { Refusal } from '../refusal.ts'

const BODY_TIMEOUT_MS = 60_000
const LARGE_BYTES = 32 * 1024
const JSON_TYPE = /^application\/json\s*(?:;|$)/i

/** The whole body, and how long it took the caller to send it (ms). Refuses what is no JSON or too long. */
export type Body = { readonly bytes: Buffer; readonly waitedMs: number }

export function readBody(gateway: Pipeline, { req }: Call, presence: Presence): Body | Promise<Body> {
  const { headers } = req
  if (!JSON_TYPE.test(headers['content-type'] ?? ''))
    throw new Refusal('unsupported_media_type', { param: 'content-type' })
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new Refusal('unsupported_media_type', { param: 'content-encoding' })
  }
  if (Number(headers['content-length'] ?? 0) > gateway.maxBodyBytes) throw tooLarge(gateway)
  if (presence.left) throw new CallerLeft()
  if (req.whole) return { bytes: req.whole, waitedMs: 0 }
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
      resolve({ bytes, waitedMs: performance.now() - startedAt })
    })
    req.once('error', () => stop(new CallerLeft()))
    presence.onLeft = () => stop(new CallerLeft())
    presence.onCut = stop
  })
}

const tooLarge = ({ maxBodyBytes }: Pipeline) =>
  new Refusal('request_too_large', { message: `The body is larger than ${maxBodyBytes} bytes.` })
