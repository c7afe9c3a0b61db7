import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'

/** Where this program's migrations are. */
export const MIGRATIONS_DIR = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))

// The lock that `prisma migrate` takes: the stock tool and this runner never work at the same time.
const LOCK = 72707369

const HISTORY = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`

type Migration = { readonly name: string; readonly sql: string; readonly checksum: string }
type Applied = { readonly migration_name: string; readonly checksum: string; readonly finished_at: Date | null }

/** The database is not one this program may work on; the message says what an operator can do. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused'
}

/**
 * Applies what is missing, each migration in one transaction, and returns the names of those. Several processes may
 * call it at once. Throws `MigrationRefused` when the history is newer than this program, edited or failed.
 */
export async function migrate(pool: pg.Pool, directory: string = MIGRATIONS_DIR): Promise<readonly string[]> {
  const migrations = await readMigrations(directory)
  const client = await pool.connect()
  try {
    // Waiting for another runner, and rewriting a big table, may each take longer than any request's statement.
    await client.query('SET statement_timeout = 0')
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    await client.query(HISTORY)
    const missing = missingOf(migrations, await readHistory(client))
    for (const migration of missing) await apply(client, migration)
    return missing.map((migration) => migration.name)
  } finally {
    // Closing the connection gives the lock back and forgets the timeout, in every case.
    client.release(true)
  }
}

async function readMigrations(directory: string): Promise<readonly Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(directory, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function readHistory(client: pg.PoolClient): Promise<ReadonlyMap<string, Applied>> {
  const { rows } = await client.query<Applied>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  )
  return new Map(rows.map((row) => [row.migration_name, row]))
}

function missingOf(migrations: readonly Migration[], history: ReadonlyMap<string, Applied>): readonly Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]))
  for (const { migration_name: name, checksum, finished_at: finishedAt } of history.values()) {
    const migration = known.get(name)
    if (!migration) throw new MigrationRefused(`The database is newer than this program: it knows no migration ${name}`)
    if (!finishedAt) throw new MigrationRefused(`Migration ${name} failed before: repair the database or restore it`)
    if (migration.checksum !== checksum) throw new MigrationRefused(`Migration ${name} was edited after it was applied`)
  }
  return migrations.filter(({ name }) => !history.has(name))
}

async function apply(client: pg.PoolClient, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN')
  try {
    // Without parameters the whole file goes as one message: several statements and $$ bodies are fine.
    await client.query(sql)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw new Error(`Migration ${name} failed`, { cause: error })
  }
}
