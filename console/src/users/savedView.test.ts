import { expect, test } from 'vitest'
import { toViewQuery } from './savedView.ts'

test('a view is its filters in one order, without the place in the list', () => {
  expect(toViewQuery({ type: 'Production', after: 'x', status: 'EXPIRING', new: '1', search: '' })).toBe(
    'status=EXPIRING&type=Production',
  )
})

test('what a person typed stays one value', () => {
  const query = toViewQuery({ search: 'a&b=c d' })
  expect(Object.fromEntries(new URLSearchParams(query))).toEqual({ search: 'a&b=c d' })
})
