import { expect, test } from 'vitest'
import { toNoChange, toSentence } from './trial.ts'

test('a trial says how many requests of how many keys', () => {
  expect(toSentence('refused', { requests: 14, keys: 3, users: 1 }, 7)).toBe(
    'Would have refused 14 requests of 3 keys in the last 7 days.',
  )
})

test('a trial names the users when there are several', () => {
  expect(toSentence('allowed', { requests: 1, keys: 1, users: 2 }, 1)).toBe(
    'Would have allowed 1 request of 1 key of 2 users in the last day.',
  )
})

test('a trial of less than was asked says of how much', () => {
  expect(toNoChange(4.54)).toBe('Would have changed nothing in the last 4.5 days.')
  expect(toNoChange(7 / 24)).toBe('Would have changed nothing in the last 7 hours.')
})

test('a trial that touches nothing says so', () => {
  expect(toNoChange(30)).toBe('Would have changed nothing in the last 30 days.')
})
