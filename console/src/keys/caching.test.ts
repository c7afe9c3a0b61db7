import { expect, test } from 'vitest'
import { timeLabel } from './caching.ts'

test.each([
  [1, '1 second'],
  [90, '90 seconds'],
  [300, '5 minutes'],
  [3_600, '1 hour'],
  [604_800, '7 days'],
])('%i seconds are called %s', (seconds, label) => {
  expect(timeLabel(seconds)).toBe(label)
})
