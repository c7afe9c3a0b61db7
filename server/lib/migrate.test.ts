import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { testDb } from '../test/database.ts'
import { sqlToSchema } from '../test/schema-engine.ts'
import { MIGRATIONS_DIR, MigrationRefused, migrate } from './migrate.ts'

const db = await testDb()
const empty = await testDb('')

const directories: string[] = []

function copyOfMigrations(): string {
  const directory = mkdtempSync(join(tmpdir(), 'aic-migrations-'))
  directories.push(directory)
  cpSync(MIGRATIONS_DIR, directory, { recursive: true })
  return directory
}

function addMigration(directory: string, name: string, sql: string): void {
  mkdirSync(join(directory, name), { recursive: true })
  writeFileSync(join(directory, name, 'migration.sql'), sql)
}

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

describe('the migrations of this program', () => {
  test('lead to the schema that the code is generated from', async () => {
    expect(await sqlToSchema(db.pool)).toBe('')
  })

  test('are applied once when two processes start at the same time', async () => {
    const applied = await Promise.all([migrate(empty.pool), migrate(empty.pool), migrate(empty.pool)])
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1)
    expect(await migrate(empty.pool)).toEqual([])
  })

  test('make usage partitions for the coming week, and more on demand, also for many at once', async () => {
    const count = async () =>
      (await db.pool.query("SELECT FROM pg_class WHERE relname ~ '^usage_entries_[0-9]{8}$'")).rowCount
    expect(await count()).toBe(8)
    const ensure = () =>
      db.pool.query<{ made: number }>("SELECT ensure_usage_partitions('2026-01-01', '2026-01-05') AS made")
    const made = await Promise.all([ensure(), ensure(), ensure(), ensure()])
    expect(made.reduce((sum, { rows }) => sum + (rows[0]?.made ?? 0), 0)).toBe(5)
    expect(await count()).toBe(13)
    expect(await sqlToSchema(db.pool)).toBe('')
  })
})

describe('the runner', () => {
  test('refuses a database with a migration it does not know', async () => {
    const directory = copyOfMigrations()
    addMigration(directory, '20990101000000_later', 'SELECT 1;')
    await migrate(db.pool, directory)
    await expect(migrate(db.pool)).rejects.toThrow(MigrationRefused)
    await db.pool.query("DELETE FROM _prisma_migrations WHERE migration_name = '20990101000000_later'")
  })

  test('refuses a migration that was edited after it was applied', async () => {
    const directory = copyOfMigrations()
    addMigration(directory, '20261123000000_foundation', '-- nothing left')
    await expect(migrate(db.pool, directory)).rejects.toThrow('was edited')
  })

  test('refuses a database on which another tool left a failed migration', async () => {
    await db.pool.query('UPDATE _prisma_migrations SET finished_at = NULL')
    await expect(migrate(db.pool)).rejects.toThrow('failed before')
    await db.pool.query('UPDATE _prisma_migrations SET finished_at = now()')
  })

  test('leaves nothing of a migration whose second statement fails, and applies it once it is mended', async () => {
    const directory = copyOfMigrations()
    const name = '20990102000000_half'
    addMigration(directory, name, 'CREATE TABLE half (id int); SELECT 1 / 0;')
    await expect(migrate(db.pool, directory)).rejects.toThrow(`Migration ${name} failed`)
    expect((await db.pool.query("SELECT to_regclass('half') AS half")).rows).toEqual([{ half: null }])
    addMigration(directory, name, 'CREATE TABLE half (id int);')
    expect(await migrate(db.pool, directory)).toEqual([name])
  })
})
