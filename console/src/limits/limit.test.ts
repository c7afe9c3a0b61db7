import { expect, test } from 'vitest'
import type { Meter } from './documents.ts'
import { closestOf, isRaised, toLevel, toTarget, toTerms, toTrial } from './limit.ts'

test('a limit is one phrase', () => {
  expect(toTerms({ metric: 'TOKENS', period: 'DAY', amount: '12000' })).toBe('12,000 tokens per day')
  expect(toTerms({ metric: 'MONEY', period: 'MONTH', amount: '50000000' })).toBe('$50.00 per month')
  expect(toTerms({ metric: 'CONCURRENCY', period: null, amount: '4' })).toBe('4 at once')
  expect(toTerms({ metric: 'REQUESTS', period: 'TOTAL', amount: '9' })).toBe('9 requests in total')
})

test('a limit warns from 80 % on, and what is reserved counts', () => {
  const level = (used: string, reserved = '0') =>
    toLevel({ used, reserved, effectiveAmount: '100', metric: 'REQUESTS' })
  expect(level('79').tone).toBe('calm')
  expect(level('70', '10').tone).toBe('warning')
  expect(level('100').tone).toBe('full')
  expect(level('140').percent).toBe(100)
})

test('the closest limit is the one with the smallest part left', () => {
  const meter = (id: string, used: string, effectiveAmount: string): Meter => ({
    ...{ id, name: null, target: 'EVERYTHING', metric: 'REQUESTS', period: 'DAY', modelPattern: null, enabled: true },
    ...{ amount: effectiveAmount, effectiveAmount, raisedAmount: null, raisedUntil: null, resetsAt: null },
    ...{ used, reserved: '0', remaining: '0' },
  })
  expect(closestOf([meter('a', '900', '1000'), meter('b', '3', '3'), meter('c', '50', '60')])?.id).toBe('b')
  expect(closestOf([])).toBeNull()
})

test('a limit of nothing is full', () => {
  expect(toLevel({ used: '0', reserved: '0', effectiveAmount: '0', metric: 'REQUESTS' }).tone).toBe('full')
})

test('a raise counts until its end', () => {
  expect(isRaised({ raisedUntil: '2026-11-23T00:00:00.000Z' }, Date.parse('2026-11-22T00:00:00.000Z'))).toBe(true)
  expect(isRaised({ raisedUntil: '2026-11-23T00:00:00.000Z' }, Date.parse('2026-11-23T00:00:00.000Z'))).toBe(false)
})

test('a target that is gone still has a word', () => {
  const none = { key: null, user: null, group: null, provider: null, modelPattern: null }
  expect(toTarget({ ...none, target: 'GROUP' }).label).toBe('A group')
})

test('a trial says what would have been refused, and what a pool would have given to another member', () => {
  const tried = {
    __typename: 'TryLimitSuccess',
    from: '2026-11-16T00:00:00Z',
    to: '2026-11-23T00:00:00Z',
    requests: 9,
  } as const
  const texts = (refused: number, passedOn: number, unpriced = 0, allowUnpriced = false) => {
    const sums = { refusedRequests: refused, refusedKeys: 1, refusedUsers: 1, passedOnRequests: passedOn }
    return toTrial({ ...tried, ...sums, unpricedRequests: unpriced, examples: [] }, allowUnpriced).lines.map(
      ({ text }) => text,
    )
  }
  const refused = 'Would have refused 2 requests of 1 key in the last 7 days.'
  const passedOn = '1 request would have gone to other members of pools.'
  expect(texts(2, 0)).toEqual([refused])
  expect(texts(2, 1)).toEqual([refused, passedOn])
  expect(texts(2, 0, 2)).toEqual([refused, '2 requests had no price: the limit refuses them.'])
  expect(texts(0, 0, 2, true)).toEqual(['2 requests had no price: they pass, and cost nothing of the limit.'])
  expect(texts(0, 0)).toEqual(['Would have changed nothing in the last 7 days.'])
})
