import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, expect, inject, it } from 'vitest'
import { createLog } from '../lib/log.ts'
import { openPool } from '../lib/pool.ts'
import { stallingWay } from '../test/stalling-database.ts'
import { findSecret } from './directory.store.ts'
import { until } from './test/raw.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld({ stalenessMs: 2_000 })
const chat = JSON.stringify({ model: 'gpt-4', messages: [] })
const ask = async (key = world.key.text) => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const res = await fetch(world.url, { method: 'POST', headers, body: chat })
  const body: { error?: { code: string } } = JSON.parse(await res.text())
  return body.error?.code ?? 'answered'
}

const admin = new pg.Client({ host: inject('socketDir'), user: 'postgres', database: 'postgres' })
await admin.connect()
afterAll(() => admin.end())
const { database } = world.db.connection

async function setDatabase(isThere: boolean) {
  await admin.query(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS ${isThere}`)
  if (!isThere)
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database])
}

it('a journal that cannot be written refuses requests and readiness until it can', async () => {
  const journal = join(world.parts.config.dataDir, 'journal')
  rmSync(journal, { recursive: true })
  expect(await ask()).toBe('accounting_unavailable')
  expect(world.gateway.ready()).toBe(false)
  expect(world.provider.received).toEqual([])
  mkdirSync(journal)
  expect(await ask()).toBe('answered')
  expect(world.gateway.ready()).toBe(true)
})

it('a database that is away: known keys work within the bound, unknown ones are 503, and nothing is lost', async () => {
  const unknown = await world.mintKey()
  await ask()
  const before = (await world.entries()).length
  await setDatabase(false)
  expect(await ask()).toBe('answered')
  expect(await ask(unknown.text)).toBe('auth_unavailable')
  await until(async () => (await ask()) === 'auth_unavailable')
  expect(world.gateway.ready()).toBe(false)
  const answered = world.provider.received.length
  expect(await ask()).toBe('auth_unavailable')
  expect(world.provider.received.length).toBe(answered)
  await setDatabase(true)
  await until(async () => (await ask()) === 'answered')
  expect(await ask(unknown.text)).toBe('answered')
  const entries = await world.entries()
  expect(entries.length - before).toBe(world.provider.received.length - before)
  expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length)
})

it('a look-up to which the database says nothing, as if it stood still, fails in time for its caller', async () => {
  const way = await stallingWay(world.db)
  const pool = openPool(way.connection, createLog('silent'))
  expect(await findSecret(pool, 'aaaaaaaaaaaa')).toBeNull()
  way.stall()
  await expect(findSecret(pool, 'aaaaaaaaaaaa')).rejects.toThrow('timeout')
  await pool.end()
})
