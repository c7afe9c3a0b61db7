import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { answerHttpError, HTTP_ERRORS } from './lib/http-error.ts'
import type { Metrics } from './lib/metrics.ts'
import type { Parts } from './lib/parts.ts'
import { findViewer } from './users/sign-in.service.ts'
import { isAdministrator } from './users/viewer.ts'

type Handler = (req: IncomingMessage, res: ServerResponse) => void

/** `/metrics` beside everything else: for an administrator's access token only. */
export function metricsRoute(parts: Parts, metrics: Metrics): Handler {
  async function answer(req: IncomingMessage, res: ServerResponse) {
    const [, accessToken] = /^bearer (\S+)$/i.exec(req.headers.authorization ?? '') ?? []
    const viewer = accessToken === undefined ? null : await findViewer(parts, { accessToken })
    if (viewer && isAdministrator(viewer)) return metrics.answer(req, res)
    answerHttpError(req, res, HTTP_ERRORS.unauthenticated, parts.random.uuidv7())
  }
  return (req, res) => {
    answer(req, res).catch((error: unknown) => {
      parts.log.error({ err: error }, 'metrics could not be answered')
      answerHttpError(req, res, HTTP_ERRORS.internal, parts.random.uuidv7())
    })
  }
}

/** A server of its own for a scraper inside the network, where the port is the protection; null when none is set. */
export function listenForScrapes(parts: Parts, metrics: Metrics): Server | null {
  const { metricsPort, host } = parts.config
  if (metricsPort === null) return null
  return createServer((req, res) => {
    if (req.url === '/metrics' && req.method === 'GET') metrics.answer(req, res)
    else answerHttpError(req, res, HTTP_ERRORS.notFound, parts.random.uuidv7())
  }).listen(metricsPort, host)
}
