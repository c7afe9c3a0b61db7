import { expect, test } from 'vitest'
import { findCurrencies, findZones, installationSchema, toLocalTime, toState } from './installation.ts'

test('a time zone is found by a part of its name, and the chosen one stands first', () => {
  expect(findZones('', 'Asia/Tokyo')[0]?.value).toBe('Asia/Tokyo')
  expect(findZones('new york', 'UTC').map(({ value }) => value)).toEqual(['America/New_York'])
})

test('a currency is found by its code and by its name', () => {
  expect(findCurrencies('eur', 'USD').map(({ value }) => value)).toContain('EUR')
  expect(findCurrencies('swiss franc', 'USD')[0]?.value).toBe('CHF')
})

test('amounts are whole and in their bounds', () => {
  const state = {
    timeZone: 'UTC',
    currency: 'USD',
    defaultMaxTokens: 1024,
    usageRetentionDays: 400,
    auditRetentionDays: 0,
  }
  expect(installationSchema.safeParse(state).success).toBe(true)
  expect(installationSchema.safeParse({ ...state, usageRetentionDays: 0 }).success).toBe(false)
  expect(installationSchema.safeParse({ ...state, defaultMaxTokens: 1.5 }).success).toBe(false)
})

test('the audit log is kept for ever, or for a month and more', () => {
  const state = { timeZone: 'UTC', currency: 'USD', defaultMaxTokens: 1024, usageRetentionDays: 400 }
  expect(toState({ ...state, auditRetentionDays: null }).auditRetentionDays).toBe(0)
  const isTaken = (auditRetentionDays: number) => installationSchema.safeParse({ ...state, auditRetentionDays }).success
  expect([0, 1, 29, 30, 3650, 3651].map(isTaken)).toEqual([true, false, false, true, true, false])
})

test('the time there is told with its day', () => {
  expect(toLocalTime('Asia/Kolkata', Date.parse('2026-11-23T20:00:00Z'))).toBe('Tue 01:30')
})
