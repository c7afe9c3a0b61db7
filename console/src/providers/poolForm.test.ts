import { expect, test } from 'vitest'
import { nextMember, poolSchema, toPoolInput, toPoolState } from './poolForm.ts'

const one = { providerId: 'p1', order: 1, weight: 1, renames: ['fast=gpt-4o-mini'] }
const pool = { ...toPoolState(null), name: 'Everyday', members: [one] }

test('a renamed model is what callers say, and what the member says', () => {
  expect(toPoolInput(pool).members[0]?.models).toEqual([{ from: 'fast', to: 'gpt-4o-mini' }])
})

test.each([
  ['fast=gpt-4o-mini', true],
  ['fast', false],
  ['=gpt-4o-mini', false],
  ['fast=', false],
])('%s as a renaming passes: %s', (text, isGood) => {
  expect(poolSchema.safeParse({ ...pool, members: [{ ...one, renames: [text] }] }).success).toBe(isGood)
})

test('a further member is asked after the others', () => {
  expect(nextMember([{ ...one, order: 3 }]).order).toBe(4)
})

test('a pool needs a member, and a member a provider', () => {
  expect(poolSchema.safeParse({ ...pool, members: [] }).success).toBe(false)
  expect(poolSchema.safeParse({ ...pool, members: [{ ...one, providerId: '' }] }).success).toBe(false)
})
