import { expect, test } from 'vitest'
import { readNext } from './next.ts'

test('the way back after signing in is a path of the console', () => {
  expect(readNext('/logs?range=7d')).toBe('/logs?range=7d')
})

test.each([
  'https://evil.example',
  '//evil.example',
  '/\\evil.example',
  'javascript:alert(1)',
  '',
  null,
  ['/logs'],
  undefined,
])('%s is no way back', (value) => {
  expect(readNext(value)).toBe('/')
})
