import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testDb } from '../test/database.ts'
import { bucketOf, percentilesOf, readSketch } from './latency.ts'

const db = await testDb()
const durations = fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 1, maxLength: 300 })

function countsOf(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(bucketOf(value), (counts.get(bucketOf(value)) ?? 0) + 1)
  return counts
}

test('every percentile is within 2 % and half a millisecond of the truth', () => {
  fc.assert(
    fc.property(durations, (values) => {
      const sorted = values.toSorted((a, b) => a - b)
      const found = percentilesOf(countsOf(values)) ?? expect.unreachable()
      for (const [share, value] of [
        [0.5, found.p50],
        [0.9, found.p90],
        [0.99, found.p99],
      ] as const) {
        const truth = sorted[Math.ceil(share * sorted.length) - 1] ?? 0
        expect(Math.abs(value - truth)).toBeLessThanOrEqual(truth * 0.02 + 0.5)
      }
    }),
  )
  expect(percentilesOf(new Map())).toBeNull()
})

// Few durations are put into their places, many are sorted anew.
const some = fc.array(fc.integer({ min: 1, max: 600_000 }), { maxLength: 60 })

test('the database makes and merges the same histograms', async () => {
  await fc.assert(
    fc.asyncProperty(durations, some, async (one, other) => {
      const { rows } = await db.pool.query<{ sketch: string }>(
        'SELECT merge_sketches(sketch_of($1), sketch_of($2))::text AS sketch',
        [one, other],
      )
      const merged = [...countsOf([...one, ...other])].toSorted(([a], [b]) => a - b)
      expect([...readSketch(rows[0]?.sketch ?? null)]).toEqual(merged)
    }),
    { numRuns: 50 },
  )
})
