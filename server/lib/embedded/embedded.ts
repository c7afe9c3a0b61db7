import { realpathSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT, StartFailure } from '../exit.ts'
import type { Logger } from '../log.ts'
import type { Connection } from '../pool.ts'
import { findBinaries } from './binaries.ts'
import { clearLeftover } from './leftover.ts'
import { findPlace, type Place } from './place.ts'
import { initCluster, type Running, type Settings, startPostgres } from './postgres.ts'

/** The embedded PostgreSQL of a data directory, restarted whenever it ends by itself. */
export type Embedded = {
  readonly connection: Extract<Connection, { host: string }>
  /** Resolves when it has shut down cleanly. */
  stop(): Promise<void>
}

export type EmbeddedOptions = {
  readonly dataDir: string
  readonly log: Logger
  readonly settings?: Settings
  /** False only where the data is thrown away: then nothing waits for the disk. */
  readonly durable?: boolean
}

const FIRST_RESTART_MS = 200
const LAST_RESTART_MS = 5_000

const NOT_DURABLE: Settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/**
 * Starts it, creating the cluster on first use (1 to 2 s), and resolves once it takes connections.
 * The caller holds the data directory (`lockDataDir`). Throws `StartFailure`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { log, durable = true } = options
  const settings = durable ? (options.settings ?? {}) : { ...NOT_DURABLE, ...options.settings }
  const place = findPlace(realpathSync(options.dataDir))
  if (place.elsewhere) log.warn({ path: place.cluster }, 'data directory closed to PostgreSQL: database kept elsewhere')
  const binaries = findBinaries(place.user)
  const start = () => startOnce(place, binaries, { extra: settings, log })
  const first = await asStartFailure(async () => {
    await initCluster(place, binaries, durable)
    return start()
  })
  return {
    connection: { host: place.socketDir, user: 'postgres', database: 'postgres' },
    stop: supervise(first, start, log),
  }
}

type Options = { readonly extra: Settings; readonly log: Logger }

async function startOnce(place: Place, binaries: string, options: Options): Promise<Running> {
  await clearLeftover(place)
  return startPostgres(place, binaries, options)
}

async function asStartFailure(start: () => Promise<Running>): Promise<Running> {
  try {
    return await start()
  } catch (error) {
    if (error instanceof StartFailure) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartFailure(EXIT.databaseUnreachable, reason, { cause: error })
  }
}

function supervise(first: Running, start: () => Promise<Running>, log: Logger): () => Promise<void> {
  const stopping = new AbortController()
  let running: Running | null = first
  const loop = keepRunning()

  async function keepRunning(): Promise<void> {
    let delayMs = FIRST_RESTART_MS
    while (!stopping.signal.aborted) {
      if (running !== null) {
        const output = await running.ended
        running = null
        if (stopping.signal.aborted) return
        log.error({ output }, 'the embedded database ended by itself; starting it again')
      }
      await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      try {
        running = await start()
        delayMs = FIRST_RESTART_MS
      } catch (error) {
        delayMs = Math.min(delayMs * 2, LAST_RESTART_MS)
        log.error({ err: error }, 'the embedded database did not start again')
      }
    }
  }

  return async () => {
    stopping.abort()
    await running?.stop()
    await loop
    await running?.stop()
  }
}
