import { expect, test } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { testWorld } from '../test/world.ts'
import { getUsage, listKeyUsage } from './report.service.ts'
import { anEntry, anIntent } from './test/entries.ts'
import { insertEntries } from './usage.store.ts'

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const begin = Date.parse('2026-11-20T08:00:00Z')
const HOUR_MS = 3_600_000
// Nobody knew what the third one cost.
const costOf = (rank: number) => (rank === 2 ? null : rank * 13)
// Of 30 keys, owners, providers and models the first has the most requests, the last the fewest.
const ids = Array.from({ length: 30 }, () => systemRandom.uuidv7())
const entries = ids.flatMap((id, rank) =>
  Array.from({ length: 31 - rank }, (_, at) => {
    const intent = anIntent(systemRandom.uuidv7(), begin + at * 50 * 60_000)
    const facts = { keyId: id, ownerId: id, providerId: id, modelAsked: `model-${rank}` }
    return { ...anEntry({ ...intent, ...facts }), inputTokens: 7 + rank, cachedTokens: 1, costMicros: costOf(rank) }
  }),
)
await insertEntries(world.db.pool, entries)
const span = { from: new Date(begin), to: new Date(begin + 30 * HOUR_MS) }
const add = <Row>(rows: readonly Row[], pick: (row: Row) => bigint | number | null) =>
  rows.reduce((sum, row) => sum + Number(pick(row)), 0)

test.each(['KEY', 'OWNER', 'PROVIDER', 'MODEL', 'STATUS', 'CODE'] as const)(
  'the sums by %s add up to the entries to the token, however many groups there are',
  async (groupBy) => {
    for (const interval of ['HOUR', 'DAY', 'TOTAL'] as const) {
      const points = await getUsage(administrator, { ...span, interval, groupBy })
      expect(add(points, ({ requests }) => requests)).toBe(entries.length)
      expect(add(points, (point) => point.inputTokens)).toBe(add(entries, (entry) => entry.inputTokens))
      expect(add(points, (point) => point.outputTokens)).toBe(add(entries, (entry) => entry.outputTokens))
      expect(add(points, (point) => point.cachedTokens)).toBe(add(entries, (entry) => entry.cachedTokens))
      expect(add(points, (point) => point.costMicros)).toBe(add(entries, (entry) => entry.costMicros))
    }
  },
)

test('the 20 groups with the most requests stand alone, all others come last as one without a name', async () => {
  const points = await getUsage(administrator, { ...span, interval: 'TOTAL', groupBy: 'MODEL' })
  expect(points.map(({ group }) => group)).toEqual([...ids.slice(0, 20).map((_, rank) => `model-${rank}`), null])
  expect(points.at(-1)).toMatchObject({ label: null, requests: add([11, 10, 9, 8, 7, 6, 5, 4, 3, 2], (one) => one) })
})

test('a key says how many of its requests its cost leaves out', async () => {
  const [, priced = '', unpriced = ''] = ids
  const usage = await listKeyUsage(administrator.parts, [priced, unpriced])
  expect(usage.get(priced)?.last30Days).toMatchObject({ requests: 30, costMicros: 390n, unpriced: 0 })
  expect(usage.get(unpriced)?.last30Days).toMatchObject({ requests: 29, costMicros: 0n, unpriced: 29 })
})

test('a span that ends before it begins is refused, within one hour too', async () => {
  const [early, late] = [new Date('2026-11-20T08:10:00Z'), new Date('2026-11-20T08:50:00Z')]
  const ask = (from: Date, to: Date) => getUsage(administrator, { from, to, interval: 'TOTAL' })
  await expect(ask(late, early)).rejects.toThrow('must be after from')
  await expect(ask(early, early)).rejects.toThrow('must be after from')
  expect(await ask(early, late)).toHaveLength(1)
})
