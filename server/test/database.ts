import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import { type Db, openDb } from '../lib/db.ts'
import { createLog } from '../lib/log.ts'
import type { Connection } from '../lib/pool.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly socketDir: string
    readonly template: string
    /** `0`: through node:http and undici. */
    readonly fastPath: string
  }
}

/** A database of this test file alone, with every migration applied; dropped when the file is done. */
export type TestDb = Db & { readonly connection: Extract<Connection, { host: string }>; readonly url: string }

/** Call it once per test file, at the top: `const db = await testDb()`. An empty `template` means an empty database. */
export async function testDb(template: string = inject('template')): Promise<TestDb> {
  const name = `test_${randomBytes(8).toString('hex')}`
  await administer(`CREATE DATABASE ${name} TEMPLATE ${template === '' ? 'template0' : template} STRATEGY FILE_COPY`)
  const connection = { host: inject('socketDir'), user: 'postgres', database: name }
  const db = openDb(connection, createLog('silent'))
  afterAll(async () => {
    await db.close()
    await administer(`DROP DATABASE ${name} WITH (FORCE)`)
  })
  const url = `postgresql://postgres@localhost/${name}?host=${encodeURIComponent(connection.host)}`
  return { ...db, connection, url }
}

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ host: inject('socketDir'), user: 'postgres', database: 'postgres' })
  await client.connect()
  // Identifiers cannot be parameters; both come from this file and the set-up, never from a test's data.
  await client.query(sql)
  await client.end()
}
