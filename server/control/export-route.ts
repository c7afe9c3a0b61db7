import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { exportAudit, exportRegister, exportReview } from '../governance/export.service.ts'
import { readSessionCookie } from '../graphql/cookies.ts'
import type { Ask, Format, Lines } from '../lib/export.ts'
import { answerHttpError, HTTP_ERRORS, isGet } from '../lib/http-error.ts'
import type { Parts } from '../lib/parts.ts'
import { exportUsage } from '../usage/export.service.ts'
import { readBearer } from '../users/access-token.ts'
import { findViewer } from '../users/sign-in.service.ts'
import type { Act } from '../users/viewer.ts'

type Handler = (req: IncomingMessage, res: ServerResponse) => void
type Export = (act: Act, ask: Ask, format: Format) => Lines | null | Promise<Lines | null>

const TYPES = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
  jsonl: 'application/x-ndjson; charset=utf-8',
} as const satisfies Record<Format, string>

const EXPORTS: readonly (readonly [path: string, name: string, run: Export])[] = [
  ['/export/keys', 'api-keys', exportRegister],
  ['/export/audit', 'audit-log', exportAudit],
  ['/export/review', 'access-review', exportReview],
  ['/export/usage', 'usage-log', exportUsage],
]

/** Files that are streamed to a signed-in person: `?format=csv|json|jsonl` and the names of filters. */
export function exportRoutes(parts: Parts): [string, Handler][] {
  async function actOf(req: IncomingMessage, requestId: string): Promise<Act | null> {
    const accessToken = readBearer(req.headers.authorization)
    const sessionToken = readSessionCookie(req.headers.cookie)
    const proof = accessToken !== null ? { accessToken } : sessionToken !== null ? { sessionToken } : null
    const viewer = proof && (await findViewer(parts, proof))
    const address = parts.addressOf(req)
    return viewer && { parts, viewer, origin: { requestId, address, userAgent: null } }
  }

  async function answer(req: IncomingMessage, res: ServerResponse, requestId: string, name: string, run: Export) {
    if (!isGet(req)) return answerHttpError(req, res, HTTP_ERRORS.getOnly, requestId)
    const act = await actOf(req, requestId)
    if (!act) return answerHttpError(req, res, HTTP_ERRORS.unauthenticated, requestId)
    const { searchParams } = new URL(req.url ?? '', 'http://localhost')
    const format = readFormat(searchParams.get('format'))
    const lines = await run(act, (parameter) => searchParams.get(parameter)?.replaceAll('\0', '') || null, format)
    // Not there and not yours are one answer.
    if (!lines) return answerHttpError(req, res, HTTP_ERRORS.notFound, requestId)
    const date = parts.clock.now().toISOString().slice(0, 10)
    res.writeHead(200, {
      'content-type': TYPES[format],
      'content-disposition': `attachment; filename="${name}-${date}.${format}"`,
      'cache-control': 'no-store',
      'x-request-id': requestId,
    })
    // Nobody reads a file that nobody gets.
    if (req.method === 'HEAD') return void res.end()
    await pipeline(Readable.from(lines), res)
  }

  return EXPORTS.map(([path, name, run]) => [
    path,
    (req, res) => {
      const requestId = parts.random.uuidv7()
      answer(req, res, requestId, name, run).catch((error: unknown) => {
        // Whoever left in the middle of a file is no failure of ours.
        if (!hasLeft(error)) parts.log.error({ err: error, requestId }, 'an export failed')
        if (res.headersSent) res.destroy()
        else answerHttpError(req, res, HTTP_ERRORS.internal, requestId)
      })
    },
  ])
}

/** What `pipeline` says when the answer is closed before its end. */
const hasLeft = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'

const readFormat = (text: string | null): Format => (text === 'json' || text === 'jsonl' ? text : 'csv')
