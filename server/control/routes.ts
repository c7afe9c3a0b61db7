import type { IncomingMessage, ServerResponse } from 'node:http'
import { createGraphql } from '../graphql/server.ts'
import { answerHttpError, HTTP_ERRORS } from '../lib/http-error.ts'
import type { Parts } from '../lib/parts.ts'
import { exportRoutes } from './export-route.ts'
import { leaksRoute } from './leaks-route.ts'
import { metricsRoute } from './metrics-route.ts'

type Handler = (req: IncomingMessage, res: ServerResponse) => void

/** Answers everything that people and their scripts ask for, by its path. */
export function controlRoutes(parts: Parts, readMetrics: () => Promise<string>): Handler {
  const routes = new Map<string, Handler>([
    ['/graphql', createGraphql(parts)],
    ['/leaks', leaksRoute(parts)],
    ['/metrics', metricsRoute(parts, readMetrics)],
    ...exportRoutes(parts),
  ])
  return (req, res) => {
    const [path = ''] = (req.url ?? '').split(/[?#]/, 1)
    const route = routes.get(path)
    if (route) route(req, res)
    else answerHttpError(req, res, HTTP_ERRORS.notFound, parts.random.uuidv7())
  }
}
