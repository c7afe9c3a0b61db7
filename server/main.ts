import type { Server } from 'node:http'
import { createApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { type ControlProcess, startControlProcess } from './control/control-process.ts'
import { findSocketPath } from './control/socket-path.ts'
import { createGateway, type Gateway } from './gateway.ts'
import { watchConnections } from './lib/connections.ts'
import { lockDataDir } from './lib/data-dir.ts'
import { type Database, openDatabase } from './lib/database.ts'
import { drain } from './lib/drain.ts'
import { EXIT, StartFailure } from './lib/exit.ts'
import { HTTP_ERRORS, type HttpError } from './lib/http-error.ts'
import { checkMasterKey } from './lib/installation.ts'
import { keepsSessions, publicOrigin, tokenLink } from './lib/links.ts'
import { createLog, type Logger } from './lib/log.ts'
import { settleMemory } from './lib/memory.ts'
import type { GatewayParts } from './lib/parts.ts'
import type { Connection } from './lib/pool.ts'
import { buildGatewayParts, withMasterKeys } from './open.ts'
import { createScrapes } from './scrapes.ts'

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
    await serve(config, log, database)
  } finally {
    await database.close()
    lock.release()
  }
}

/** From an open database to the end of the process. */
async function serve(config: Config, log: Logger, { pool, connection }: Database): Promise<void> {
  const ownPorts: number[] = []
  const parts = buildGatewayParts({ config, log, pool, ownPorts: () => ownPorts })
  await checkMasterKey(pool, parts.keyring)
  const control = startControlProcess(parts)
  const gateway = createGateway(parts)
  try {
    await parts.changes.start()
    await gateway.start()
    await answerCallers({ parts, gateway, control, connection, ownPorts })
  } finally {
    // Each of them holds connections, and a database with a connection in use cannot be closed.
    await control.stop()
    await gateway.stop()
    await parts.changes.stop()
  }
  log.info('drained')
}

type Answering = {
  readonly parts: GatewayParts
  readonly gateway: Gateway
  readonly control: ControlProcess
  readonly connection: Connection
  /** What it listens on is added here. */
  readonly ownPorts: number[]
}

/** From the first caller to the last. */
async function answerCallers({ parts, gateway, control, connection, ownPorts }: Answering): Promise<void> {
  const { config, clock, log } = parts
  const state = { draining: false, observed: false }
  const server = createApp(parts, {
    work: (req, res) => gateway.handle(req, res),
    lane: { clock, work: (req, res) => gateway.handle(req, res) },
    control: (req, res) => control.handle(req, res),
    draining: () => state.draining,
    notReady: () => {
      state.observed = true
      return notReady(state.draining, gateway)
    },
  })
  const closeUnused = watchConnections(server)
  settleMemory()
  const { host, metricsPort } = config
  const scrapes = createScrapes(parts)
  if (metricsPort !== null) ownPorts.push(await listen(scrapes, host, metricsPort))
  const port = await listen(server, host, config.port)
  ownPorts.push(port)
  control.begin({ config, connection, socketPath: findSocketPath(config.dataDir), ownPorts })
  void control.ready.then((setupToken) => announce(parts, port, setupToken))
  const hurry = await untilToldToEnd(log)
  state.draining = true
  control.drain()
  const work = (deadlineMs: number) => gateway.drain(deadlineMs)
  await drain({ server, closeUnused, observed: state.observed, deadlineMs: config.drainMs, hurry, work })
  scrapes.close()
}

function notReady(draining: boolean, gateway: Gateway): HttpError | null {
  if (draining) return HTTP_ERRORS.draining
  return gateway.ready() ? null : HTTP_ERRORS.notReady
}

/**
 * Connections that wait to be taken. Behind Node's 511 a caller whose connection was made waits for nothing: it is reset
 * when it has sent its request. A thousand come at once when another node stops, or this one was held up for a moment.
 */
const BACKLOG = 4096

/** Resolves with the port, which is another one for 0. Throws `StartFailure`. */
function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new StartFailure(EXIT.badConfiguration, `Cannot listen on ${host}, port ${port}: ${error.message}`))
    })
    server.listen({ port, host, backlog: BACKLOG }, () => resolve(portOf(server)))
  })
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

// Plain text, not a log line: it is for the person at the terminal and holds a secret that no log may keep.
function announce({ config, log }: GatewayParts, port: number, setupToken: string | null): void {
  const here = { ...config, port }
  const url = publicOrigin(here)
  if (!keepsSessions(url))
    log.warn({ url }, 'browsers keep sessions over https only: nobody can sign in at this address')
  log.info({ url }, 'ready')
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
