import { expect, test } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { testDb } from '../test/database.ts'
import { tidyUsage } from './retention.store.ts'
import { anEntry, anIntent } from './test/entries.ts'
import { insertEntries } from './usage.store.ts'

const db = await testDb()

async function partitions(): Promise<readonly string[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'usage_entries'::regclass ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}

test('days beyond the retention go, the coming week is there, and the sums stay', async () => {
  await db.pool.query(`SELECT ensure_usage_partitions('2027-01-01', '2027-01-05')`)
  await db.pool.query(
    `INSERT INTO usage_days (day, key_id, owner_id, provider_id, model, status, code, requests, input_tokens,
      output_tokens, cached_tokens, cost_micros, latency_ms)
    SELECT '2027-01-01', id, id, id, 'm', 200, '', 1, 1, 1, 0, 0, 1 FROM (SELECT gen_random_uuid() AS id) one`,
  )
  expect(await tidyUsage(db.pool, new Date('2027-01-10T12:00:00Z'), 7)).toBeGreaterThanOrEqual(2)
  const names = await partitions()
  expect(names).not.toContain('usage_entries_20270102')
  expect(names).toContain('usage_entries_20270103')
  expect(names).toContain('usage_entries_20270117')
  expect((await db.pool.query('SELECT requests FROM usage_days')).rows).toEqual([{ requests: 1 }])
  expect(await tidyUsage(db.pool, new Date('2027-01-10T12:00:00Z'), 7)).toBe(0)
})

test('a day that somebody reads goes the next time, and whoever stores entries waits no longer than that', async () => {
  const at = new Date('2027-02-10T12:00:00Z')
  await db.pool.query(`SELECT ensure_usage_partitions('2027-02-01', '2027-02-03')`)
  const reader = await db.pool.connect()
  await reader.query('BEGIN; SELECT count(*) FROM usage_entries')
  const tidied = tidyUsage(db.pool, at, 7)
  const entry = anEntry(anIntent(systemRandom.uuidv7(), at.getTime()))
  expect(await insertEntries(db.pool, [entry])).toBe(1)
  expect(await tidied).toBe(0)
  await reader.query('ROLLBACK')
  reader.release()
  expect(await tidyUsage(db.pool, at, 7)).toBeGreaterThanOrEqual(2)
  expect(await partitions()).not.toContain('usage_entries_20270202')
})
