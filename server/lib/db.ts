import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts'
import type { Logger } from './log.ts'
import { type Connection, openPool, STATEMENT_TIMEOUT_MS } from './pool.ts'

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

const MAX_STATEMENT_NAMES = 1_000
/** Reports never have all cores: at least one is left to requests, and to PostgreSQL where it shares the machine. */
const MAX_REPORTS = Math.min(4, Math.ceil(availableParallelism() / 2))
// Counting by hash needs the memory: sorting a few hundred thousand durations takes three times as long.
const FOR_REPORTS = `SET work_mem = '64MB'; SET enable_sort = off; SET default_transaction_read_only = on`

/** Opens the pools (no connection is made yet). */
export function openDb(connection: Connection, log: Logger, maxConnections?: number): Db {
  const pool = openPool(connection, log, maxConnections === undefined ? {} : { max: maxConnections })
  const reports = openPool(connection, log, {
    max: MAX_REPORTS,
    connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
    onConnect: (client) => client.query(FOR_REPORTS),
  })
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
