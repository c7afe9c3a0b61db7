import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockDataDir } from '../server/lib/data-dir.ts'
import { openDb } from '../server/lib/db.ts'
import { startEmbedded } from '../server/lib/embedded/embedded.ts'
import { createLog } from '../server/lib/log.ts'
import { MIGRATIONS_DIR, migrate } from '../server/lib/migrate.ts'
import { sqlToSchema } from '../server/test/schema-engine.ts'

const USAGE = 'Use: pnpm migration NAME, with NAME in lower case and underscores. Change prisma/schema/*.prisma first.'

/** Writes the migration that leads from the existing ones to prisma/schema, for a person to read and complete. */
async function main(): Promise<void> {
  const [name] = process.argv.slice(2)
  if (name === undefined || !/^[a-z][a-z0-9_]*$/.test(name)) return fail(USAGE)
  const sql = await changedSql()
  if (sql === '') return fail('The migrations already lead to the schema: nothing to write.')
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const directory = join(MIGRATIONS_DIR, `${time}_${name}`)
  mkdirSync(directory)
  writeFileSync(join(directory, 'migration.sql'), `${sql.trim()}\n`)
  process.stdout.write(`${sql}\nWritten to ${directory}. Read it: a renamed column, say, shows here as a lost one.\n`)
}

async function changedSql(): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'aic-migration-'))
  const log = createLog('warn')
  const lock = lockDataDir(dataDir)
  const embedded = await startEmbedded({ dataDir, log, durable: false })
  const db = openDb(embedded.connection, log)
  try {
    await migrate(db.pool)
    return await sqlToSchema(db.pool)
  } finally {
    await db.close()
    await embedded.stop()
    lock.release()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}

await main()
