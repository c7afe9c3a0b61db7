import { beforeAll, describe, expect, it } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { testDb } from '../test/database.ts'
import { countBySums } from './count.store.ts'
import type { UsageEntryFilter } from './entries.store.ts'
import type { Narrowing, UsageGroup } from './measured.ts'
import { readUsage } from './report.store.ts'
import type { UsageInterval } from './stretch.ts'
import { anEntry, anIntent } from './test/entries.ts'
import { insertEntries } from './usage.store.ts'

const { pool, prisma } = await testDb()
const HOUR_MS = 3_600_000
const now = new Date('2026-11-23T12:34:56.789Z')
const [from, to] = [new Date('2026-11-18T07:00:00Z'), new Date('2026-11-23T13:00:00Z')]
const { ownerId, providerId, keyId } = anIntent('')
const nothing: Narrowing = { ownerId: null, keyId: null, providerId: null, model: null }

/** Five days of requests, every 17 minutes, in batches that overlap in time; durations of all lengths. */
beforeAll(async () => {
  const all = Array.from({ length: 400 }, (_, at) => {
    const entry = anEntry(anIntent(systemRandom.uuidv7(), now.getTime() - at * 17 * 60_000))
    const failed = at % 7 === 0 ? { status: 429, code: 'rate_limit_exceeded' } : {}
    const model = at % 3 === 0 ? 'gpt-4' : 'gpt-5'
    return { ...entry, ...failed, modelAsked: model, latencyMs: 3 + at * 11, firstTokenMs: at % 2 ? at : null }
  })
  for (const rest of [0, 1, 2]) {
    await insertEntries(
      pool,
      all.filter((_, at) => at % 3 === rest),
    )
  }
})

const read = (interval: UsageInterval, groupBy: UsageGroup | null, filter: Narrowing) =>
  readUsage(pool, { from, to, interval, groupBy, filter, timeZone: 'UTC', maxGroups: 20, durations: true })

describe('histograms that are kept merged', () => {
  const groups = [null, 'OWNER', 'PROVIDER', 'MODEL', 'STATUS', 'CODE'] as const
  it.each(groups)('say the same as those of the finest sums, by %s', async (groupBy) => {
    for (const interval of ['DAY', 'TOTAL'] as const) {
      // Two filters at once are not kept merged; here they let everything pass.
      const finest = await read(interval, groupBy, { ...nothing, ownerId, providerId })
      expect(finest.some(({ latencyMs }) => latencyMs !== null)).toBe(true)
      expect(await read(interval, groupBy, nothing)).toEqual(finest)
    }
  })

  it('say the same of one owner, provider or model', async () => {
    for (const one of [{ ownerId }, { providerId }, { model: 'gpt-4' }]) {
      const finest = await read('DAY', null, { ...nothing, ...one, keyId })
      expect(await read('DAY', null, { ...nothing, ...one })).toEqual(finest)
    }
  })

  it('tell durations per hour of any span', async () => {
    const points = await read('HOUR', null, nothing)
    expect(points.length).toBeGreaterThan(100)
    expect(points.every(({ latencyMs }) => latencyMs !== null)).toBe(true)
  })
})

describe('the number of entries', () => {
  it.each<[string, UsageEntryFilter]>([
    ['of all', {}],
    ['of a span', { from: new Date(now.getTime() - 50.3 * HOUR_MS), to: new Date(now.getTime() - 2.7 * HOUR_MS) }],
    ['of whole hours', { from, to }],
    ['of a key', { keyId, from }],
    ['of another key', { keyId: providerId }],
    ['of a status', { status: [429], from: new Date(now.getTime() - 9.9 * HOUR_MS) }],
    ['of a code', { code: ['rate_limit_exceeded'], providerId }],
    ['of no code', { code: [''] }],
    ['of errors', { errorsOnly: true, from }],
  ])('%s is exact', async (_what, filter) => {
    const where = {
      startedAt: { gte: filter.from ?? new Date(0), lt: filter.to ?? new Date(now.getTime() + HOUR_MS) },
      ...(filter.keyId && { keyId: filter.keyId }),
      ...(filter.status && { status: { in: [...filter.status] } }),
      ...(filter.code && { code: { in: [...filter.code] } }),
      ...(filter.errorsOnly && { code: { not: null } }),
    }
    expect(await countBySums(pool, filter, now)).toBe(await prisma.usageEntry.count({ where }))
  })

  it('does not count those whose day was dropped', async () => {
    const before = await countBySums(pool, {}, now)
    const { rows } = await pool.query(
      `SELECT count(*)::int AS gone FROM usage_entries WHERE started_at < '2026-11-20Z'`,
    )
    await pool.query(`SELECT drop_usage_partitions('2026-11-20')`)
    expect(rows[0].gone).toBeGreaterThan(0)
    expect(await countBySums(pool, {}, now)).toBe((before ?? 0) - rows[0].gone)
  })

  it('is left to the entries where sums cannot tell', async () => {
    expect(await countBySums(pool, { ownerId }, now)).toBeNull()
    expect(await countBySums(pool, { model: 'gpt-4' }, now)).toBeNull()
    expect(await countBySums(pool, { from: new Date(now.getTime() - 1000) }, now)).toBeNull()
  })
})
