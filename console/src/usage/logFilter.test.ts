import { expect, test } from 'vitest'
import { type LogFilterValues, logFilterNames, toNarrowing } from './logFilter.ts'

const narrowing = (given: Partial<LogFilterValues>) => {
  const blank = Object.fromEntries(logFilterNames.map((name) => [name, ''])) as LogFilterValues
  return toNarrowing({ ...blank, ...given })
}

test('charts of errors only add up every code, one that the console has no words for too', () => {
  const codes = ['', 'insufficient_quota', 'interrupted', 'something_new']
  expect(codes.filter((code) => narrowing({ errors: 'only' })?.has(code))).toEqual(codes.slice(1))
})

test('charts follow codes before statuses, and neither when none is chosen', () => {
  expect(narrowing({ status: '429,500', code: 'upstream_auth' })).toMatchObject({ by: 'CODE' })
  expect(narrowing({ status: '429,500' })?.has('500')).toBe(true)
  expect(narrowing({})).toBeNull()
})
