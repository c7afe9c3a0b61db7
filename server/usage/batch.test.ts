import { expect, it } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { Batch } from './batch.ts'
import { sumUp } from './sums.ts'
import { anEntry, anIntent } from './test/entries.ts'

const complete = {
  ...anEntry(anIntent(systemRandom.uuidv7())),
  tokensEstimated: true,
  cachedTokens: 3,
  savedTokens: 7,
  answeredById: systemRandom.uuidv7(),
  attempts: 2,
  costMicros: 0,
  firstTokenMs: 7,
  charges: [{ limitId: systemRandom.uuidv7(), at: 0, node: systemRandom.uuidv7(), amount: 2 }],
}
const refused = {
  ...anEntry(anIntent(systemRandom.uuidv7())),
  modelAsked: null,
  modelAnswered: null,
  status: 429,
  code: 'rate_limit_exceeded',
  end: 'REFUSED' as const,
  inputTokens: null,
  outputTokens: null,
  savedTokens: null,
  answeredById: null,
  attempts: 0,
  tokensEstimated: false,
  refusedByType: 'LIMIT' as const,
  refusedById: systemRandom.uuidv7(),
  charges: [],
}

it('a batch gives its entries back as they were', () => {
  const entries = [complete, refused, { ...complete, id: systemRandom.uuidv7(), status: 500 }, complete]
  const batch = Batch.of(entries)
  expect(entries.map((_, at) => batch.entry(at))).toEqual(entries)
  expect(batch.facts.length).toBe(3)
  expect(batch.slice(1, 3).entry(0)).toEqual(refused)
})

it('an entry that is in the database already adds nothing to the sums, and no limit is charged for it', () => {
  const batch = Batch.of([complete, { ...complete, inputTokens: 100 }])
  const [slot] = sumUp(batch, (at) => at === 0)
  expect(slot?.tallies.map(({ requests, inputTokens }) => ({ requests, inputTokens }))).toEqual([
    { requests: 1, inputTokens: 9 },
  ])
  expect(slot?.charges.map(({ amount }) => amount)).toEqual([2])
  expect(sumUp(batch, () => true)[0]?.charges.map(({ amount }) => amount)).toEqual([4])
})
