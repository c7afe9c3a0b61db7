import { expect, test } from 'vitest'
import { toCostText } from './entry.ts'

test('tokens without a known price are not free, and what used none costs nothing to speak of', () => {
  expect(toCostText({ costMicros: '0', inputTokens: 3, outputTokens: 4 })).toBe('$0.00')
  expect(toCostText({ costMicros: null, inputTokens: 3, outputTokens: 4 })).toBe('Price unknown')
  expect(toCostText({ costMicros: null, inputTokens: null, outputTokens: null })).toBe('–')
})
