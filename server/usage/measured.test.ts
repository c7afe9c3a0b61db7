import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { MIGRATIONS_DIR } from '../lib/migrate.ts'
import { systemRandom } from '../lib/random.ts'
import { testDb } from '../test/database.ts'
import { rebuildDays } from './days.store.ts'
import { measuredOf, type Narrowing } from './measured.ts'
import { readUsage, type UsageQuery } from './report.store.ts'
import { addedUp } from './test/added-up.ts'
import { anEntry, anIntent } from './test/entries.ts'
import { insertEntries } from './usage.store.ts'
import type { UsageEntry } from './usage-entry.ts'

const { pool, prisma } = await testDb()
const HOUR_MS = 3_600_000
// Clocks are set back in the night to 25 October 2026; in the Azores over midnight.
const BEGIN = Date.parse('2026-10-24T00:00:00Z')
const HOURS = 70

const GROUPS = [null, 'KEY', 'OWNER', 'GROUP', 'PROVIDER', 'MODEL', 'STATUS', 'CODE'] as const
const INTERVALS = ['HOUR', 'DAY', 'TOTAL'] as const
const idsOf = (kind: number) => [0, 1, 2, 3].map((number) => `0198f9a0-0000-7000-8000-0000000${kind}000${number}`)
const [owners, providers, keys, groups] = [idsOf(1), idsOf(2), idsOf(3), idsOf(4)]
const [one = '', other = ''] = groups
/** Some owners are in no group, and nobody is in some groups. */
const memberships = { [owners[0] ?? '']: [one, other], [owners[1] ?? '']: [other] }

beforeAll(async () => {
  await prisma.user.createMany({ data: owners.map((id) => ({ id, username: id, displayName: id })) })
  await prisma.group.createMany({ data: groups.map((id) => ({ id, name: id })) })
  const members = Object.entries(memberships).flatMap(([userId, all]) => all.map((groupId) => ({ userId, groupId })))
  await prisma.groupMember.createMany({ data: members })
})

const amount = (max: number) => fc.option(fc.nat(max))
const outcome = fc.constantFrom(
  { status: 200, code: null, end: 'COMPLETE' } as const,
  { status: 200, code: null, end: 'CLIENT_LEFT' } as const,
  { status: 429, code: 'rate_limit_exceeded', end: 'REFUSED' } as const,
  { status: 403, code: 'model_not_allowed', end: 'REFUSED' } as const,
  { status: 429, code: 'provider_error', end: 'COMPLETE' } as const,
  { status: 0, code: 'interrupted', end: 'INTERRUPTED' } as const,
)
const anyEntry: fc.Arbitrary<UsageEntry> = fc
  .record({
    at: fc.nat(HOURS * HOUR_MS - 1),
    key: fc.nat(3),
    providerId: fc.constantFrom(...providers),
    modelAsked: fc.constantFrom(null, 'gpt-5', 'claude "\\ \u{1f600}'),
    outcome,
    counted: fc.record({
      inputTokens: amount(5000),
      outputTokens: amount(5000),
      cachedTokens: amount(100),
      costMicros: amount(90_000),
      latencyMs: fc.nat(100_000),
      firstTokenMs: amount(2000),
    }),
  })
  .map(({ at, key, outcome: { end, ...answer }, counted, ...rest }) => ({
    ...anEntry(anIntent(systemRandom.uuidv7(), BEGIN + at)),
    ...{ ownerId: owners[key % 3] ?? '', keyId: keys[key] ?? '', end },
    ...rest,
    ...answer,
    ...counted,
    ...(end === 'REFUSED' && { firstTokenMs: null }),
  }))

const anySpan = fc.tuple(fc.nat(HOURS - 1), fc.integer({ min: 1, max: HOURS })).map(([first, length]) => ({
  from: new Date(BEGIN + first * HOUR_MS),
  to: new Date(BEGIN + Math.min(HOURS, first + length) * HOUR_MS),
}))

const filters: readonly Narrowing[] = [
  {},
  { ownerId: owners[0] },
  { keyId: keys[1] },
  { providerId: providers[0] },
  { model: 'gpt-5' },
  { model: '' },
  { status: [200, 0] },
  { code: ['rate_limit_exceeded', 'interrupted'] },
  { ownerId: owners[1], providerId: providers[1] },
  { model: 'gpt-5', status: [429] },
]

/** In three batches that overlap in time. */
async function store(entries: readonly UsageEntry[], timeZone: string): Promise<void> {
  await pool.query('TRUNCATE usage_entries, usage_rollups, usage_days, usage_measures')
  await prisma.installation.update({ where: { id: 1 }, data: { timeZone } })
  for (const batch of [0, 1, 2]) {
    await insertEntries(
      pool,
      entries.filter((_, at) => at % 3 === batch),
    )
  }
}

const byPoint = <Point extends { readonly start: Date; readonly group: string | null }>(points: readonly Point[]) =>
  new Map(points.map((point) => [`${point.start.toISOString()} ${point.group}`, point]))

async function reports(query: UsageQuery) {
  const points = await readUsage(pool, query)
  return byPoint(points.map(({ label: _label, ...point }) => point))
}

const zones = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Atlantic/Azores'] as const

const questions = (span: { readonly from: Date; readonly to: Date }, timeZone: string): readonly UsageQuery[] =>
  filters.flatMap((filter) =>
    INTERVALS.flatMap((interval) =>
      GROUPS.map((groupBy) => ({ ...span, interval, groupBy, timeZone, filter, maxGroups: 20, durations: true })),
    ),
  )

test.each(zones)('every report in %s says what the entries add up to', async (timeZone) => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEntry, { minLength: 100, maxLength: 150 }), anySpan, async (entries, span) => {
      await store(entries, timeZone)
      for (const query of questions(span, timeZone)) {
        expect(await reports(query)).toEqual(byPoint(addedUp(entries, query, memberships)))
      }
    }),
    { numRuns: 2, endOnFailure: true },
  )
})

const entriesOf = (seed: number) => fc.sample(anyEntry, { numRuns: 150, seed })
const all = { from: new Date(BEGIN), to: new Date(BEGIN + HOURS * HOUR_MS) }

test.each([
  ['of one dimension', 'usage_rollups, usage_days', true],
  ['of a key or of two dimensions', 'usage_measures', false],
])('what is %s is told without %s', async (_what, others, measured) => {
  await store(entriesOf(1), 'UTC')
  const asked = questions(all, 'UTC').filter(
    ({ groupBy, filter }) => (measuredOf(groupBy, filter) !== null) === measured,
  )
  const told = await Promise.all(asked.map(reports))
  expect(told.filter(({ size }) => size > 0).length).toBeGreaterThan(asked.length / 2)
  await pool.query(`TRUNCATE ${others}`)
  expect(await Promise.all(asked.map(reports))).toEqual(told)
})

/** As they were before: histograms without sums, no row where nothing reached a provider, and nothing of prices. */
const BEFORE = `
  ALTER TABLE usage_rollups DROP unpriced;
  ALTER TABLE usage_days DROP unpriced;
  ALTER TABLE usage_measures RENAME CONSTRAINT usage_measures_pkey TO usage_durations_pkey;
  ALTER TABLE usage_measures RENAME TO usage_durations;
  ALTER TABLE usage_durations DROP requests, DROP errors, DROP input_tokens, DROP output_tokens, DROP cached_tokens,
    DROP cost_micros, DROP unpriced, DROP latency_ms;
  DELETE FROM usage_durations WHERE latencies = '{}' AND first_tokens = '{}'`
const MIGRATIONS = ['20261123974100_usage_measures', '20261123975000_unpriced'].map((name) =>
  readFileSync(join(MIGRATIONS_DIR, name, 'migration.sql'), 'utf8'),
)

async function migrateAgain() {
  await pool.query(BEFORE)
  for (const migration of MIGRATIONS) await pool.query(migration)
}

async function sums() {
  const { rows: measures } = await pool.query(
    'SELECT * FROM usage_measures ORDER BY dimension, whole_day, starts_at, value',
  )
  const { rows: days } = await pool.query(
    'SELECT day, key_id, provider_id, model, status, code, unpriced FROM usage_days ORDER BY 1, 2, 3, 4, 5, 6',
  )
  return { measures, days }
}

test.each(zones)(
  'the migrations make of older sums in %s what is written since, also for days of another zone',
  async (timeZone) => {
    await store(entriesOf(2), timeZone)
    const written = await sums()
    expect(written.measures.some(({ requests, latencies }) => requests > 0 && latencies.length === 0)).toBe(true)
    expect(written.days.some(({ unpriced }) => unpriced > 0)).toBe(true)
    await migrateAgain()
    expect(await sums()).toEqual(written)
    await prisma.installation.update({ where: { id: 1 }, data: { timeZone: 'America/New_York' } })
    await rebuildDays(prisma, 'America/New_York')
    const rebuilt = await sums()
    expect(rebuilt).not.toEqual(written)
    await migrateAgain()
    expect(await sums()).toEqual(rebuilt)
  },
)
