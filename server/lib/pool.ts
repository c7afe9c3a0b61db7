import pg from 'pg'
import type { Logger } from './log.ts'

/** A connection string, or the unix socket directory of the embedded database. */
export type Connection =
  | { readonly connectionString: string }
  | { readonly host: string; readonly user: string; readonly database: string }

const MAX_CONNECTIONS = 10
const CONNECT_TIMEOUT_MS = 5_000
// A statement that runs longer is a bug or a lock that will not come: the connection is worth more than its answer.
export const STATEMENT_TIMEOUT_MS = 60_000
// A server that stands still, or a network that swallows everything, ends no statement and closes nothing: then this
// side gives the connection up, well before the operating system would.
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000
// What stands between forgets connections that are quiet for minutes, and tells nobody.
const SIGN_OF_LIFE_MS = 10_000

/** Opens a pool (no connection is made yet). A lost connection is logged and replaced, never thrown. */
export function openPool(connection: Connection, log: Logger, settings: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({
    ...connection,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    application_name: 'ai-controller',
    keepAlive: true,
    keepAliveInitialDelayMillis: SIGN_OF_LIFE_MS,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...settings,
  })
  // Without these two a server that goes away ends this process with an unhandled 'error' event.
  pool.on('error', (error) => {
    // The embedded server ends right after us and may be quicker than a socket that is still closing.
    if (!pool.ending) log.warn({ err: error }, 'database connection lost')
  })
  pool.on('connect', (client) => client.on('error', (error) => log.debug({ err: error }, 'database client failed')))
  return pool
}
