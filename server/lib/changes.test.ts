import { expect, test, vi } from 'vitest'
import { testDb } from '../test/database.ts'
import { stallingWay } from '../test/stalling-database.ts'
import { createChanges } from './changes.ts'
import { systemClock } from './clock.ts'
import { createLog } from './log.ts'
import { openPool } from './pool.ts'
import { systemRandom } from './random.ts'

const db = await testDb()
const { connection } = db

test('a connection that cannot listen for changes is given back', async () => {
  const log = createLog('silent')
  const pool = openPool(connection, log, {
    onConnect: (client) => client.query('BEGIN; SELECT 1/0').catch(() => undefined),
  })
  const changes = createChanges({ db: { pool }, clock: systemClock, log, random: systemRandom, stalenessMs: 1_000 })
  await expect(changes.start()).rejects.toThrow('aborted')
  expect(pool.totalCount).toBe(0)
  await pool.end()
})

test('a connection over which nothing is answered is given up also when it was to listen', async () => {
  const log = createLog('silent')
  const way = await stallingWay(db)
  const pool = openPool(way.connection, log).on('connect', () => way.stall())
  const changes = createChanges({ db: { pool }, clock: systemClock, log, random: systemRandom, stalenessMs: 1_000 })
  await expect(changes.start()).rejects.toThrow('timeout')
  await pool.end()
})

test('changes are followed again when the connections to the database stand still and nobody closes them', async () => {
  const log = createLog('silent')
  const way = await stallingWay(db)
  const pool = openPool(way.connection, log)
  const changes = createChanges({ db: { pool }, clock: systemClock, log, random: systemRandom, stalenessMs: 1_000 })
  await changes.start()
  const until = (holds: () => boolean) => vi.waitUntil(holds, { timeout: 10_000 })
  await until(() => changes.ageMs() < 100)
  way.stall()
  await until(() => changes.ageMs() > 1_000)
  await until(() => changes.ageMs() < 100)
  await changes.stop()
  await pool.end()
})

test('what is known grows old also while the clock is set back', async () => {
  let setBackMs = 0
  const clock = { now: () => new Date(Date.now() - setBackMs) }
  const changes = createChanges({ db, clock, log: createLog('silent'), random: systemRandom, stalenessMs: 1_000 })
  await changes.start()
  await changes.stop()
  setBackMs = 3_600_000
  expect(changes.ageMs()).toBeGreaterThan(0)
  setBackMs = -3_600_000
  expect(changes.ageMs()).toBeGreaterThan(3_600_000)
})

test('a short staleness bound is kept by asking more often', async () => {
  const asked = vi.spyOn(db.pool, 'query')
  const needs = { db, clock: systemClock, log: createLog('silent'), random: systemRandom }
  const changes = createChanges({ ...needs, stalenessMs: 60 })
  await changes.start()
  await vi.waitUntil(() => asked.mock.calls.length > 20, { timeout: 3_000 })
  await changes.stop()
})
