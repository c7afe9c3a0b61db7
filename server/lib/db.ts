import { createHash } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts'
import type { Logger } from './log.ts'

/** One pool, two ways to it: Prisma for rows, the pool itself for bulk writes and reports. */
export type Db = {
  readonly pool: pg.Pool
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

/** Opens the pool (no connection is made yet). A lost connection is logged and replaced, never thrown. */
export function openDb(connection: Connection, log: Logger, maxConnections = MAX_CONNECTIONS): Db {
  const pool = new pg.Pool({
    ...connection,
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'ai-controller',
    keepAlive: true,
  })
  // Without these two a server that goes away ends this process with an unhandled 'error' event.
  pool.on('error', (error) => {
    // The embedded server ends right after us and may be quicker than a socket that is still closing.
    if (!pool.ending) log.warn({ err: error }, 'database connection lost')
  })
  pool.on('connect', (client) => client.on('error', (error) => log.debug({ err: error }, 'database client failed')))
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator: statementNames() }) })
  return {
    pool,
    prisma,
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
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
