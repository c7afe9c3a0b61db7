import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerHttpError, HTTP_ERRORS, isGet } from '../lib/http-error.ts'
import { answerMetrics } from '../lib/metrics.ts'
import type { Parts } from '../lib/parts.ts'
import { readBearer } from '../users/access-token.ts'
import { findViewer } from '../users/sign-in.service.ts'
import { isAdministrator } from '../users/viewer.ts'

/** `/metrics` of the gateway beside everything else: for an administrator's access token only. */
export function metricsRoute(
  parts: Parts,
  readMetrics: () => Promise<string>,
): (req: IncomingMessage, res: ServerResponse) => void {
  async function answer(req: IncomingMessage, res: ServerResponse) {
    if (!isGet(req)) return answerHttpError(req, res, HTTP_ERRORS.getOnly, parts.random.uuidv7())
    const accessToken = readBearer(req.headers.authorization)
    const viewer = accessToken === null ? null : await findViewer(parts, { accessToken })
    if (viewer && isAdministrator(viewer)) return answerMetrics(res, await readMetrics())
    answerHttpError(req, res, HTTP_ERRORS.unauthenticated, parts.random.uuidv7())
  }
  return (req, res) => {
    answer(req, res).catch((error: unknown) => {
      parts.log.error({ err: error }, 'metrics could not be answered')
      answerHttpError(req, res, HTTP_ERRORS.internal, parts.random.uuidv7())
    })
  }
}
