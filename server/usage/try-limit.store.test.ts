import { expect, test } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { testDb } from '../test/database.ts'
import { anEntry, anIntent } from './test/entries.ts'
import { findExcess, readTrial, type TrialQuestion } from './try-limit.store.ts'
import { insertEntries } from './usage.store.ts'

const { pool, prisma } = await testDb()
const HOUR_MS = 3_600_000
const begin = Date.parse('2026-11-10T00:00:00Z')
const STEP_MS = 10 * 60_000
const timeZone = 'Asia/Kolkata'
await prisma.installation.update({ where: { id: 1 }, data: { timeZone } })
const times = Array.from({ length: 72 * 6 }, (_, at) => begin + at * STEP_MS)
await insertEntries(
  pool,
  times.map((at) => anEntry(anIntent(systemRandom.uuidv7(), at))),
)
const anybody = { keyId: null, ownerIds: null, providerId: null, modelPattern: null }
const question: TrialQuestion = {
  ...{ ...anybody, from: new Date(begin), to: new Date(begin + 72 * HOUR_MS) },
  ...{ metric: 'REQUESTS', period: 'DAY', amount: 100n, timeZone },
}

test('the hour is found from which on there are too many requests to try one by one', async () => {
  expect(await findExcess(pool, question, times.length)).toBeNull()
  expect(await findExcess(pool, question, times.length - 1)).toEqual(new Date(begin))
  expect(await findExcess(pool, question, 60)).toEqual(new Date(begin + 61 * HOUR_MS))
  expect(await findExcess(pool, question, 0)).toEqual(new Date(begin + 71 * HOUR_MS))
})

test.each([
  ['DAY', 100n, 86_400_000],
  ['HOUR', 4n, HOUR_MS],
] as const)(
  'a limit per %s refuses what comes after it, in a zone half an hour off',
  async (period, amount, spanMs) => {
    const offset = period === 'DAY' ? 5.5 * HOUR_MS : 0
    const windows = Map.groupBy(times, (at) => Math.floor((at + offset) / spanMs))
    const expected = [...windows.values()].reduce((sum, { length }) => sum + Math.max(0, length - Number(amount)), 0)
    const { requests, refused } = await readTrial(pool, { ...question, period, amount })
    expect(requests).toBe(times.length)
    expect(refused.reduce((sum, one) => sum + one.requests, 0)).toBe(expected)
  },
)
