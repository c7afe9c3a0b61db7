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
const anybody = {
  keyId: null,
  ownerIds: null,
  providerId: null,
  poolIds: [],
  evasions: [],
  unpriced: [],
  modelPattern: null,
}
const question: TrialQuestion = {
  allowUnpriced: false,
  ...{ ...anybody, from: new Date(begin), to: new Date(begin + 72 * HOUR_MS) },
  ...{ metric: 'REQUESTS', period: 'DAY', amount: 100n, timeZone },
}

test('the hour is found from which on there are too many requests to try one by one', async () => {
  const find = (amount: bigint, max: number, metric: TrialQuestion['metric'] = 'REQUESTS') =>
    findExcess(pool, { ...question, metric, period: 'HOUR', amount }, max)
  expect(await find(5n, times.length)).toBeNull()
  expect(await find(5n, times.length - 1)).toEqual(new Date(begin))
  expect(await find(5n, 60)).toEqual(new Date(begin + 61 * HOUR_MS))
  expect(await find(5n, 0)).toEqual(new Date(begin + 71 * HOUR_MS))
  // No hour has more than six: none has to be looked at. How many were under way at once no sum tells.
  expect(await find(6n, 0)).toBeNull()
  expect(await find(6n, 60, 'CONCURRENCY')).toEqual(new Date(begin + 61 * HOUR_MS))
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
    const { requests, refusedRequests } = await readTrial(pool, { ...question, period, amount })
    expect(requests).toBe(times.length)
    expect(refusedRequests).toBe(expected)
  },
)

test('of many that a limit refuses all are counted, and those with the most requests are the examples', async () => {
  const at = begin + 100 * HOUR_MS
  const keys = Array.from({ length: 30 }, () => systemRandom.uuidv7())
  const entries = keys.flatMap((keyId, place) =>
    Array.from({ length: place + 1 }, () => anEntry({ ...anIntent(systemRandom.uuidv7(), at), keyId })),
  )
  await insertEntries(pool, entries)
  const span = { from: new Date(at), to: new Date(at + HOUR_MS) }
  const all = await readTrial(pool, { ...question, ...span, period: 'TOTAL', amount: 0n })
  expect(all).toMatchObject({ requests: 465, refusedRequests: 465, refusedKeys: 30, refusedUsers: 1 })
  expect(all.examples.map(({ keyId, requests }) => [keyId, requests])).toEqual(
    keys
      .map((keyId, place) => [keyId, place + 1])
      .toReversed()
      .slice(0, 10),
  )
  const none = await readTrial(pool, { ...question, ...span, period: 'TOTAL', amount: 1_000n })
  expect(none).toEqual({
    requests: 465,
    refusedRequests: 0,
    refusedKeys: 0,
    refusedUsers: 0,
    passedOnRequests: 0,
    unpricedRequests: 0,
    examples: [],
  })
})

test('requests that came in the same millisecond, or took none, are at once one by one', async () => {
  const at = begin + 200 * HOUR_MS
  const entries = [0, 0, 5].map((latencyMs) => ({ ...anEntry(anIntent(systemRandom.uuidv7(), at)), latencyMs }))
  await insertEntries(pool, entries)
  const span = { from: new Date(at), to: new Date(at + HOUR_MS) }
  const tried = (amount: bigint) =>
    readTrial(pool, { ...question, ...span, metric: 'CONCURRENCY', period: null, amount })
  expect(await tried(0n)).toMatchObject({ requests: 3, refusedRequests: 3 })
  expect(await tried(2n)).toMatchObject({ requests: 3, refusedRequests: 1 })
})

test('one that is refused is not at once with those that come after it', async () => {
  const at = begin + 300 * HOUR_MS
  // The multiples of a number that shares no divisor with the modulus: every length once, in no order.
  const made = Array.from({ length: 101 }, (_, place) => ({ at: at + place * 10, latencyMs: (place * 37) % 101 }))
  await insertEntries(
    pool,
    made.map((one) => ({ ...anEntry(anIntent(systemRandom.uuidv7(), one.at)), latencyMs: one.latencyMs })),
  )
  const span = { from: new Date(at), to: new Date(at + HOUR_MS) }
  for (const amount of [1, 2, 4]) {
    const ends: number[] = []
    for (const one of made) {
      if (ends.filter((end) => end > one.at).length < amount) ends.push(one.at + Math.max(1, one.latencyMs))
    }
    const tried = { ...question, ...span, metric: 'CONCURRENCY', period: null, amount: BigInt(amount) } as const
    expect(await readTrial(pool, tried)).toMatchObject({ requests: 101, refusedRequests: 101 - ends.length })
  }
})
