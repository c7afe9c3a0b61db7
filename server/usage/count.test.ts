import { beforeAll, describe, expect, it } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { testDb } from '../test/database.ts'
import { type Countable, countBySums } from './count.store.ts'
import { countEntries, toWhere } from './entries.store.ts'
import { anEntry, anIntent } from './test/entries.ts'
import { insertEntries } from './usage.store.ts'

const { pool, prisma } = await testDb()
const HOUR_MS = 3_600_000
const now = new Date('2026-11-23T12:34:56.789Z')
const [from, to] = [new Date('2026-11-18T07:00:00Z'), new Date('2026-11-23T13:00:00Z')]
const { ownerId, providerId, keyId } = anIntent('')

/** Five days of requests, every 17 minutes. */
beforeAll(async () => {
  await insertEntries(
    pool,
    Array.from({ length: 400 }, (_, at) => ({
      ...anEntry(anIntent(systemRandom.uuidv7(), now.getTime() - at * 17 * 60_000)),
      ...(at % 7 === 0 && { status: 429, code: 'rate_limit_exceeded' }),
      modelAsked: at % 3 === 0 ? 'gpt-4' : 'gpt-5',
    })),
  )
})

describe('the number of entries', () => {
  const ago = (hours: number) => new Date(now.getTime() - hours * HOUR_MS)
  const count = (filter: Countable) => countBySums(pool, filter, { now, timeZone: 'UTC' })

  it.each<[string, Countable]>([
    ['of all', {}],
    ['of a span', { from: ago(50.3), to: ago(2.7) }],
    ['of whole hours', { from, to }],
    ['of a part of an hour', { from: ago(9.4), to: ago(9.3) }],
    ['of the last minutes', { from: ago(0.5) }],
    ['of no time', { from: ago(1), to: ago(2) }],
    ['of what is still to come', { from: ago(-5) }],
    ['of an owner', { ownerId, to: ago(30) }],
    ['of another owner', { ownerId: keyId }],
    ['of a key', { keyId, from }],
    ['of another key', { keyId: providerId }],
    ['of a model', { model: 'gpt-4', from: ago(77.7) }],
    ['of the model that answered', { model: 'gpt-4-0613' }],
    ['of a status', { status: [429], from: ago(9.9) }],
    ['of a code', { code: ['rate_limit_exceeded'], providerId }],
    ['of any of two statuses', { status: [200, 429, 500], model: '' }],
    ['of no status in particular', { status: [], code: [], from: ago(33.3) }],
    ['of a code alone', { code: ['rate_limit_exceeded', 'model_not_allowed'], to: ago(1.1) }],
    ['of errors with a status', { errorsOnly: true, status: [200, 429] }],
    ['of no code', { code: [''] }],
    ['of errors', { errorsOnly: true, from }],
    ['of errors of a model', { errorsOnly: true, model: 'gpt-5' }],
  ])('%s is exact', async (_what, filter) => {
    const expected = await countEntries(prisma, toWhere(filter))
    expect(await count(filter)).toBe(expected)
  })

  it('does not count those whose day was dropped', async () => {
    const before = await count({})
    const { rows } = await pool.query(
      `SELECT count(*)::int AS gone FROM usage_entries WHERE started_at < '2026-11-20Z'`,
    )
    await pool.query(`SELECT drop_usage_partitions('2026-11-20')`)
    expect(rows[0].gone).toBeGreaterThan(0)
    expect(await count({})).toBe(before - rows[0].gone)
  })
})
