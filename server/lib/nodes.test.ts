import { expect, test, vi } from 'vitest'
import { testDb } from '../test/database.ts'
import { appendAudit } from './audit.ts'
import { createChanges } from './changes.ts'
import { systemClock } from './clock.ts'
import { createLog } from './log.ts'
import { createNodes } from './nodes.ts'
import { systemRandom } from './random.ts'

const { pool, prisma } = await testDb()
const log = createLog('silent')
const stalenessMs = 30_000
const needs = { db: { pool }, clock: systemClock, log, random: systemRandom, stalenessMs }

const change = () => {
  const by = {
    actor: { id: null, username: 'system', via: 'system' },
    origin: { requestId: null, address: null, userAgent: null },
    at: new Date(),
  } as const
  const fact = { action: 'updateRule', subjectType: 'Rule', subjectId: systemRandom.uuidv7(), subjectName: 'One' }
  return prisma.$transaction((tx) => appendAudit(tx, by, [fact]))
}

test('a change is waited for until the other nodes act on it, and those that ended are not waited for', async () => {
  const [here, there] = [createChanges(needs), createChanges(needs)]
  const acting = Promise.withResolvers<void>()
  there.subscribe(() => acting.promise)
  await Promise.all([here.start(), there.start()])
  const seq = await change()
  const order: string[] = []
  const waiting = here.waitFor(seq).then(() => order.push('answered'))
  await vi.waitUntil(() => here.applied() >= seq)
  await pool.query('SELECT 1')
  order.push('acts there')
  acting.resolve()
  await waiting
  expect(order).toEqual(['acts there', 'answered'])
  expect(there.applied()).toBe(seq)
  await there.stop()
  expect((await pool.query('SELECT applied FROM nodes')).rows).toEqual([{ applied: seq.toString() }])
  await here.stop()
})

test('a node that is slow to follow is not asked after all the time', async () => {
  const slow = createNodes({ db: { pool }, id: systemRandom.uuidv7(), stalenessMs })
  await slow.report(0n)
  const query = vi.spyOn(pool, 'query')
  const nodes = createNodes({ db: { pool }, id: systemRandom.uuidv7(), stalenessMs })
  expect(await nodes.waitForOthers(1n)).toMatchObject({ confirmed: 1, nodes: 2 })
  expect(query.mock.calls.length).toBeLessThan(100)
  query.mockRestore()
  await slow.leave()
})

test('a node that leaves while it reports looks for no more changes, of which it would report again', async () => {
  const lock = await pool.connect()
  const here = createChanges(needs)
  await here.start()
  await lock.query('BEGIN; LOCK TABLE nodes')
  const query = vi.spyOn(pool, 'query')
  await vi.waitUntil(() => query.mock.calls.length > 0, { timeout: 3_000 })
  const stopped = here.stop()
  await change()
  await lock.query('COMMIT')
  await stopped
  lock.release()
  const asked = query.mock.calls.map(([text]) => JSON.stringify(text))
  query.mockRestore()
  expect(asked.filter((text) => text.includes('FROM audit_entries'))).toEqual([])
  expect((await pool.query('SELECT id FROM nodes')).rows).toEqual([])
})

test('nodes that report at once after an outage do not wait for each other', async () => {
  const nodes = createNodes({ db: { pool }, id: systemRandom.uuidv7(), stalenessMs })
  const other = systemRandom.uuidv7()
  await pool.query(`INSERT INTO nodes VALUES ($1, 0, now(), now() - interval '1 second')`, [other])
  const reporting = await pool.connect()
  await reporting.query('BEGIN')
  await reporting.query('UPDATE nodes SET applied = 1 WHERE id = $1', [other])
  await nodes.report(1n)
  await reporting.query('COMMIT')
  reporting.release()
  await nodes.report(1n)
  expect((await pool.query('SELECT id FROM nodes WHERE id = $1', [other])).rows).toEqual([])
  await nodes.leave()
})

test('nobody waits for a node that says nothing any more, and once it serves nobody it is forgotten', async () => {
  const silent = systemRandom.uuidv7()
  const insert = `INSERT INTO nodes VALUES ($1, 0, now() - interval '4 seconds', now() + $2 * interval '1 second')`
  await pool.query(insert, [silent, 26])
  const query = vi.spyOn(pool, 'query')
  const nodes = createNodes({ db: { pool }, id: systemRandom.uuidv7(), stalenessMs })
  expect(await nodes.waitForOthers(1n)).toMatchObject({ confirmed: 1, nodes: 2, restStopAt: expect.any(Date) })
  expect(query).toHaveBeenCalledTimes(1)
  await pool.query(`UPDATE nodes SET serves_until = now() - interval '1 second' WHERE id = $1`, [silent])
  await nodes.report(1n)
  expect((await pool.query('SELECT id FROM nodes WHERE id = $1', [silent])).rows).toEqual([])
})
