import { expect, test } from 'vitest'
import { testDb } from '../test/database.ts'
import { createChanges } from './changes.ts'
import { systemClock } from './clock.ts'
import { createLog } from './log.ts'
import { openPool } from './pool.ts'
import { systemRandom } from './random.ts'

const { connection } = await testDb()

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
