import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { JOBS } from '../governance/all-jobs.service.ts'
import { createJobRunner } from '../governance/jobs.service.ts'
import { openDb } from '../lib/db.ts'
import { EXIT } from '../lib/exit.ts'
import { createLog } from '../lib/log.ts'
import { settleMemory } from '../lib/memory.ts'
import { prepareSetup } from '../users/setup.service.ts'
import { createGatewayLink, tellGateway } from './gateway-link.ts'
import { buildParts } from './open.ts'
import { comeSecond, letComeSecond } from './priority.ts'
import { controlRoutes } from './routes.ts'
import { ADDRESS_HEADER, type Beginning, type ToControl } from './words.ts'

/** Idle connections are the gateway's own, who keeps them; what a caller may do to a connection is watched there. */
const SERVER_OPTIONS = {
  keepAliveTimeout: 0,
  headersTimeout: 0,
  requestTimeout: 0,
  // More than callers may send, because the gateway adds to it.
  maxHeaderSize: 64 * 1024,
  requireHostHeader: false,
} as const

async function serve({ config, connection, socketPath, ownPorts }: Beginning): Promise<void> {
  const log = createLog(config.logLevel)
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'unexpected error')
    process.exit(EXIT.failed)
  })
  const db = openDb(connection, log)
  if ('host' in connection) letComeSecond([db.pool, db.reports])
  const link = createGatewayLink()
  const opened = { config, log, db, ownPorts: () => ownPorts }
  const parts = buildParts(opened, {
    changes: { waitFor: link.applied },
    breakerState: link.breakerState,
    addressOf: ({ headers }) => headers[ADDRESS_HEADER]?.toString() ?? null,
  })
  const server = createServer(SERVER_OPTIONS, controlRoutes(parts, link.metrics))
  // Of an earlier one that ended without a word.
  rmSync(socketPath, { force: true })
  // Before anybody is let in: whoever sees us ready may set up at once.
  const setupToken = await prepareSetup(parts)
  server.listen(socketPath)
  await once(server, 'listening')
  const jobs = createJobRunner(parts, JOBS)
  jobs.start()
  settleMemory()
  process.on('message', ({ kind }: ToControl) => {
    if (kind === 'drain') parts.signals.close()
  })
  end = async () => {
    server.close()
    server.closeAllConnections()
    await jobs.stop()
    await db.close()
    process.exit(EXIT.drained)
  }
  tellGateway({ kind: 'ready', setupToken })
}

/** Until it serves it has nothing to finish. */
let end = async (): Promise<void> => process.exit(EXIT.drained)

comeSecond()
// The gateway's process decides about the end of both: a Ctrl-C reaches this one as well, and must not cut off anybody.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
process.on('disconnect', () => process.exit(EXIT.failed))
process.on('message', (word: ToControl) => {
  if (word.kind === 'begin') void serve(word.beginning)
  if (word.kind === 'end') void end()
})
