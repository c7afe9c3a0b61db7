import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { testDb } from '../test/database.ts'
import { checkMasterKey } from './installation.ts'
import { createKeyring } from './keyring.ts'

const { pool } = await testDb()
const [old, other, newer] = [randomBytes(32), randomBytes(32), randomBytes(32)]
const startWith = (...keys: readonly Buffer[]) => checkMasterKey(pool, createKeyring(keys))
const refused = { exitCode: 78 }

it('a start needs every master key that the database was ever used with', async () => {
  await pool.query('UPDATE installation SET master_key_check = NULL')
  await startWith(old)
  await expect(startWith(newer)).rejects.toMatchObject(refused)
  await startWith(newer, old)
  await expect(startWith(old)).rejects.toMatchObject(refused)
  await expect(startWith(newer)).rejects.toMatchObject(refused)
  await startWith(old, newer)
})

it('of first starts at once with different master keys one is right', async () => {
  await pool.query('UPDATE installation SET master_key_check = NULL')
  const ends = await Promise.allSettled([startWith(old), startWith(other), startWith(newer)])
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})
