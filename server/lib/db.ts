import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts'
import type { Logger } from './log.ts'

/** One pool, two ways to it: Prisma for rows, the pool itself for bulk writes. Reports have a few connections of their own. */
export type Db = {
  readonly pool: pg.Pool
  /** For what adds up many rows: a page that asks for much at once waits for itself, and for nothing that serves `/work`. */
  readonly reports: pg.Pool
  readonly prisma: PrismaClient
  close(): Promise<void>
}

/** A Prisma client inside a transaction. */
export type Tx = Prisma.TransactionClient

/** A connection string, or the unix socket directory of the embedded database. */
export type Connection =
  | { readonly connectionString: string }
  | { readonly host: string; readonly user: string; readonly database: string }

const MAX_CONNECTIONS = 10
const CONNECT_TIMEOUT_MS = 5_000
// A statement that runs longer is a bug or a lock that will not come: the connection is worth more than its answer.
const STATEMENT_TIMEOUT_MS = 60_000
const MAX_STATEMENT_NAMES = 1_000
/** Reports never have all cores: at least one is left to requests, and to PostgreSQL where it shares the machine. */
const MAX_REPORTS = Math.min(4, Math.ceil(availableParallelism() / 2))
// Counting by hash needs the memory: sorting a few hundred thousand durations takes three times as long.
const FOR_REPORTS = `SET work_mem = '64MB'; SET enable_sort = off; SET default_transaction_read_only = on`

/** Opens the pool (no connection is made yet). A lost connection is logged and replaced, never thrown. */
export function openDb(connection: Connection, log: Logger, maxConnections = MAX_CONNECTIONS): Db {
  const settings = {
    ...connection,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'ai-controller',
    keepAlive: true,
  }
  const pool = openPool({ ...settings, max: maxConnections, connectionTimeoutMillis: CONNECT_TIMEOUT_MS }, log)
  const reports = openPool(
    {
      ...settings,
      max: MAX_REPORTS,
      connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
      onConnect: (client) => client.query(FOR_REPORTS),
    },
    log,
  )
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator: statementNames() }) })
  return {
    pool,
    reports,
    prisma,
    async close() {
      await prisma.$disconnect()
      await Promise.all([pool.end(), reports.end()])
    },
  }
}

function openPool(settings: pg.PoolConfig, log: Logger): pg.Pool {
  const pool = new pg.Pool(settings)
  // Without these two a server that goes away ends this process with an unhandled 'error' event.
  pool.on('error', (error) => {
    // The embedded server ends right after us and may be quicker than a socket that is still closing.
    if (!pool.ending) log.warn({ err: error }, 'database connection lost')
  })
  pool.on('connect', (client) => client.on('error', (error) => log.debug({ err: error }, 'database client failed')))
  return pool
}

/** Names each statement by its text, so that PostgreSQL plans it once per connection: half the time of a read. */
function statementNames(): (query: { readonly sql: string }) => string {
  const names = new Map<string, string>()
  return ({ sql }) => {
    const known = names.get(sql)
    if (known !== undefined) return known
    const name = `s${createHash('sha256').update(sql).digest('base64url').slice(0, 24)}`
    // Lists of varying length make ever new texts; forgetting their names costs one hash, keeping them costs memory.
    if (names.size >= MAX_STATEMENT_NAMES) names.clear()
    names.set(sql, name)
    return name
  }
}
