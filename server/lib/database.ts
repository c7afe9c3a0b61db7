import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Config } from '../config.ts'
import { startEmbedded } from './embedded/embedded.ts'
import { EXIT, StartFailure } from './exit.ts'
import type { Logger } from './log.ts'
import { MigrationRefused, migrate } from './migrate.ts'
import { type Connection, openPool } from './pool.ts'

const OLDEST_MAJOR = 15
// What the process of /work asks is always the same, with other values. Left to itself, PostgreSQL makes a new plan each
// time for what stores usage entries, which takes as long as storing two hundred of them.
const PLAN_ONCE = 'SET plan_cache_mode = force_generic_plan'

// Whoever still waits for an answer by then has nobody who waits for it: all else has ended before.
const CLOSE_MS = 2_000

/** A migrated database, where it is, and how to let go of it. */
export type Database = { readonly pool: pg.Pool; readonly connection: Connection; close(): Promise<void> }

/**
 * The operator's PostgreSQL, or the embedded one of the data directory, with all migrations applied.
 * Throws `StartFailure` when it cannot be reached or is not one this program may work on.
 */
export async function openDatabase(config: Config, log: Logger): Promise<Database> {
  if (config.databaseUrl !== null) return openMigrated({ connectionString: config.databaseUrl }, log, async () => {})
  const embedded = await startEmbedded({ dataDir: config.dataDir, log })
  return openMigrated(embedded.connection, log, () => embedded.stop())
}

async function openMigrated(connection: Connection, log: Logger, stop: () => Promise<void>): Promise<Database> {
  const pool = openPool(connection, log, { onConnect: (client) => client.query(PLAN_ONCE) })
  const close = async () => {
    await Promise.race([pool.end(), sleep(CLOSE_MS, undefined, { ref: false })])
    await stop()
  }
  try {
    await checkServer(pool)
    const applied = await migratePatiently(connection, log)
    if (applied.length > 0) log.info({ migrations: applied }, 'migrations applied')
    return { pool, connection, close }
  } catch (error) {
    await close()
    if (error instanceof MigrationRefused) throw new StartFailure(EXIT.databaseUnreachable, error.message)
    // Such as a replica, which nobody may write to, or a user who may not make tables.
    if (error instanceof pg.DatabaseError)
      throw new StartFailure(EXIT.databaseUnreachable, `The database cannot be used: ${error.message}`)
    throw error
  }
}

/** Rewriting a big table may take longer than anything else is waited for. */
async function migratePatiently(connection: Connection, log: Logger): Promise<readonly string[]> {
  const pool = openPool(connection, log, { max: 1, query_timeout: 0 })
  try {
    return await migrate(pool)
  } finally {
    await pool.end()
  }
}

async function checkServer(pool: pg.Pool): Promise<void> {
  const version = await serverVersion(pool)
  if (version >= OLDEST_MAJOR * 10_000) return
  const message = `PostgreSQL ${OLDEST_MAJOR} or newer is needed; the server is ${Math.floor(version / 10_000)}`
  throw new StartFailure(EXIT.databaseUnreachable, message)
}

async function serverVersion(pool: pg.Pool): Promise<number> {
  try {
    const { rows } = await pool.query<{ version: string }>("SELECT current_setting('server_version_num') AS version")
    return Number(rows[0]?.version)
  } catch (error) {
    // The driver's message names host and port at most; the URL with its password stays out of it.
    const reason = error instanceof Error ? error.message || error.name : String(error)
    throw new StartFailure(EXIT.databaseUnreachable, `The database cannot be reached: ${reason}`, { cause: error })
  }
}
