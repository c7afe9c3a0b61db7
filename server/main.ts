import type { Server } from 'node:http'
import { createApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { exportRoutes } from './export-route.ts'
import { createGateway, type Gateway } from './gateway/gateway.ts'
import { JOBS } from './governance/all-jobs.service.ts'
import { createJobRunner } from './governance/jobs.service.ts'
import { createGraphql } from './graphql/server.ts'
import { leaksRoute } from './leaks-route.ts'
import { watchConnections } from './lib/connections.ts'
import { lockDataDir } from './lib/data-dir.ts'
import { openDatabase } from './lib/database.ts'
import type { Db } from './lib/db.ts'
import { drain } from './lib/drain.ts'
import { EXIT, StartFailure } from './lib/exit.ts'
import { HTTP_ERRORS, type HttpError } from './lib/http-error.ts'
import { checkMasterKey } from './lib/installation.ts'
import { publicOrigin, tokenLink } from './lib/links.ts'
import { createLog, type Logger } from './lib/log.ts'
import { settleMemory } from './lib/memory.ts'
import type { Parts } from './lib/parts.ts'
import { listenForScrapes, metricsRoute } from './metrics-route.ts'
import { buildParts, withMasterKeys } from './open.ts'
import { prepareSetup } from './users/setup.service.ts'

async function main(): Promise<void> {
  const settings = readConfig()
  const log = createLog(settings.logLevel)
  // Whatever state this leaves is unknown: the journal and PostgreSQL are made to survive an end at any instant.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'unexpected error')
    process.exit(EXIT.failed)
  })
  const lock = lockDataDir(settings.dataDir)
  const config = withMasterKeys(settings)
  const database = await openDatabase(config, log)
  try {
    await serve(config, log, database.db)
  } finally {
    await database.close()
    lock.release()
  }
}

/** From an open database to the end of the process. */
async function serve(config: Config, log: Logger, db: Db): Promise<void> {
  let server: Server | undefined
  const parts = buildParts(config, log, db, () => (server === undefined ? [] : [portOf(server)]))
  await checkMasterKey(db, parts.keyring)
  const gateway = createGateway(parts)
  await parts.changes.start()
  await gateway.start()
  const state = { draining: false, observed: false }
  server = createApp(parts, {
    work: (req, res) => gateway.handle(req, res),
    lane: { clock: parts.clock, work: (req, res) => gateway.handle(req, res) },
    graphql: createGraphql(parts),
    metrics: metricsRoute(parts, parts.metrics),
    others: new Map([['/leaks', leaksRoute(parts)], ...exportRoutes(parts)]),
    draining: () => state.draining,
    notReady: () => {
      state.observed = true
      return notReady(state.draining, gateway)
    },
  })
  // Before anybody is let in: whoever sees us ready may set up at once.
  const setupToken = await prepareSetup(parts)
  const closeUnused = watchConnections(server)
  settleMemory()
  await listen(server, config)
  const jobs = createJobRunner(parts, JOBS)
  jobs.start()
  const scrapes = listenForScrapes(parts, parts.metrics)
  announce(parts, portOf(server), setupToken)
  const hurry = await untilToldToEnd(log)
  state.draining = true
  parts.signals.close()
  const work = (deadlineMs: number) => gateway.drain(deadlineMs)
  await drain({ server, closeUnused, observed: state.observed, deadlineMs: config.drainMs, hurry, work })
  scrapes?.close()
  await jobs.stop()
  await gateway.stop()
  await parts.changes.stop()
  log.info('drained')
}

function notReady(draining: boolean, gateway: Gateway): HttpError | null {
  if (draining) return HTTP_ERRORS.draining
  return gateway.ready() ? null : HTTP_ERRORS.notReady
}

function listen(server: Server, { host, port }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new StartFailure(EXIT.badConfiguration, `Cannot listen on ${host}, port ${port}: ${error.message}`))
    })
    server.listen(port, host, () => resolve())
  })
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

// Plain text, not a log line: it is for the person at the terminal and holds a secret that no log may keep.
function announce({ config, log }: Parts, port: number, setupToken: string | null): void {
  const here = { ...config, port }
  log.info({ url: publicOrigin(here) }, 'ready')
  if (setupToken !== null && config.setupToken === null) {
    process.stdout.write(`Set up this installation: ${tokenLink(here, 'setup', setupToken)}\n`)
  }
}

// One Ctrl-C arrives twice: from the terminal, and from scripts/start.mjs that hands it on.
const SAME_PRESS_MS = 1_000

/** Resolves when told to end, with a signal that fires when a second Ctrl-C says not to wait for anybody. */
function untilToldToEnd(log: Logger): Promise<AbortSignal> {
  const hurry = new AbortController()
  let toldAt: number | null = null
  return new Promise((resolve) => {
    const tell = (signal: string) => {
      if (toldAt === null) {
        toldAt = performance.now()
        log.info({ signal }, 'draining')
        resolve(hurry.signal)
      } else if (signal === 'SIGINT' && performance.now() - toldAt > SAME_PRESS_MS) {
        hurry.abort()
      }
    }
    process.on('SIGTERM', tell)
    process.on('SIGINT', tell)
    // Started by scripts/start.mjs: when that is killed, nobody could stop us any more.
    process.on('disconnect', () => tell('disconnect'))
  })
}

try {
  await main()
  process.exit(EXIT.drained)
} catch (error) {
  if (!(error instanceof StartFailure)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(error.exitCode)
}
