import { createServer, type Server } from 'node:http'
import { answerHttpError, HTTP_ERRORS, type HttpError, isGet } from './lib/http-error.ts'
import { answerMetrics } from './lib/metrics.ts'
import type { GatewayParts } from './lib/parts.ts'

/** A server of its own for a scraper inside the network, where the port is the protection; it does not listen yet. */
export function createScrapes({ metrics, random, log }: Pick<GatewayParts, 'metrics' | 'random' | 'log'>): Server {
  return createServer((req, res) => {
    const refuse = (error: HttpError) => answerHttpError(req, res, error, random.uuidv7())
    const [path] = (req.url ?? '').split('?', 1)
    if (path !== '/metrics') return refuse(HTTP_ERRORS.notFound)
    if (!isGet(req)) return refuse(HTTP_ERRORS.getOnly)
    metrics.read().then(
      (text) => answerMetrics(res, text),
      (error: unknown) => {
        log.error({ err: error }, 'metrics could not be read')
        refuse(HTTP_ERRORS.internal)
      },
    )
  })
}
