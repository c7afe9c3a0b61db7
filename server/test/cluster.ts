import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { openDb } from '../lib/db.ts'
import { startEmbedded } from '../lib/embedded/embedded.ts'
import { createLog } from '../lib/log.ts'
import { migrate } from '../lib/migrate.ts'

const TEMPLATE = 'migrated'

/** One cluster for the whole run, with a migrated database that every test file clones. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'aic-test-'))
  chmodSync(dataDir, 0o711)
  const log = createLog('warn')
  const embedded = await startEmbedded({ dataDir, log, durable: false, settings: { max_connections: '300' } })
  const client = new pg.Client(embedded.connection)
  await client.connect()
  await client.query(`CREATE DATABASE ${TEMPLATE}`)
  await client.end()
  const db = openDb({ ...embedded.connection, database: TEMPLATE }, log)
  await migrate(db.pool)
  // A template must have no connection while it is copied.
  await db.close()
  project.provide('socketDir', embedded.connection.host)
  project.provide('template', TEMPLATE)
  return async () => {
    await embedded.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
