import { expect, test } from 'vitest'
import { toLeftOut } from './leftOut.ts'

test('an import says what of the list it left out, and why', () => {
  const leftOut = [
    { reason: 'OTHER_VENDOR', rows: 2300 },
    { reason: 'NOT_PER_TOKEN', rows: 12 },
  ] as const
  expect(toLeftOut([...leftOut])).toBe('Left out: 2,300 of other vendors, 12 without a price per token.')
  expect(toLeftOut([])).toBeNull()
})
