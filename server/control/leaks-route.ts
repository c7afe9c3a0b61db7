import type { IncomingMessage, ServerResponse } from 'node:http'
import { takeLeakReport } from '../governance/leaks.service.ts'
import { answerHttpError, HTTP_ERRORS, type HttpError } from '../lib/http-error.ts'
import type { Parts } from '../lib/parts.ts'
import { InvalidInput } from '../lib/problems.ts'
import { createSlots, SlotsTaken } from '../lib/slots.ts'

const MAX_BYTES = 1024 * 1024

const POST_ONLY: HttpError = {
  status: 405,
  type: 'invalid_request_error',
  code: 'method_not_allowed',
  message: 'This address answers POST only.',
  headers: { allow: 'POST' },
}
const UNSIGNED: HttpError = {
  status: 401,
  type: 'authentication_error',
  code: 'invalid_signature',
  message: 'The report is not signed by a known reporter.',
}
const BAD_REPORT: HttpError = {
  status: 400,
  type: 'invalid_request_error',
  code: 'invalid_body',
  message: 'The report must be a list of objects with a token.',
}

/** The whole body; null when it is too large. */
async function readBody(req: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_BYTES) return null
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

const header = (req: IncomingMessage, name: string) => String(req.headers[name] ?? '')

/** `POST /leaks`: signed reports of leaked keys, in the form of GitHub's secret scanning. */
export function leaksRoute(parts: Parts): (req: IncomingMessage, res: ServerResponse) => void {
  // A stranger's bodies take little memory, whatever their number.
  const slots = createSlots({ concurrent: 2, waiting: 20 })

  async function answer(req: IncomingMessage, res: ServerResponse, requestId: string) {
    const refuse = (error: HttpError) => answerHttpError(req, res, error, requestId)
    if (req.method !== 'POST') return refuse(POST_ONLY)
    const identifier = header(req, 'github-public-key-identifier')
    const signature = header(req, 'github-public-key-signature')
    if (identifier === '' || signature === '') return refuse(UNSIGNED)
    const body = await readBody(req)
    if (body === null) return refuse(HTTP_ERRORS.requestTooLarge)
    const answers = await takeLeakReport(parts, { body, identifier, signature }, parts.addressOf(req))
    if (answers === null) return refuse(UNSIGNED)
    res.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'x-request-id': requestId })
    res.end(JSON.stringify(answers))
  }

  return (req, res) => {
    const requestId = parts.random.uuidv7()
    slots
      .run(() => answer(req, res, requestId))
      .catch((error: unknown) => {
        if (error instanceof InvalidInput) return answerHttpError(req, res, BAD_REPORT, requestId)
        if (error instanceof SlotsTaken) return answerHttpError(req, res, HTTP_ERRORS.notReady, requestId)
        // Who left in the middle of a report is no failure of ours.
        if (!req.complete) return
        parts.log.error({ err: error, requestId }, 'a report of leaked keys could not be taken')
        answerHttpError(req, res, HTTP_ERRORS.internal, requestId)
      })
  }
}
