import { expect, test } from 'vitest'
import { toTop } from './chart.ts'

test('no axis goes beyond 100 %, and small shares are not flattened by it', () => {
  expect(toTop(100, '%')).toBe(100)
  expect(toTop(80, '%')).toBe(100)
  expect(toTop(6, '%')).toBeNull()
  expect(toTop(100, 'ms')).toBeNull()
})
