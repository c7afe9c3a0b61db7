import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calendarWindow, formatReset, windowAt } from './window.ts'

const at = (text: string) => Date.parse(text)
const shown = (period: 'DAY' | 'WEEK' | 'MONTH', now: string, zone: string) => {
  const { startsAt, endsAt } = calendarWindow(period, at(now), zone)
  return [new Date(startsAt).toISOString(), new Date(endsAt ?? 0).toISOString()]
}

describe('calendar windows', () => {
  test.each([
    ['DAY', '2026-11-23T12:00:00Z', 'UTC', '2026-11-23T00:00:00.000Z', '2026-11-24T00:00:00.000Z'],
    // Clocks go forward in Berlin: the day has 23 hours.
    ['DAY', '2026-03-29T12:00:00Z', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    // And back: 25.
    ['DAY', '2026-10-25T12:00:00Z', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    // Midnight itself is skipped in Beirut: the day begins at one o'clock.
    ['DAY', '2026-03-29T12:00:00Z', 'Asia/Beirut', '2026-03-28T22:00:00.000Z', '2026-03-29T21:00:00.000Z'],
    ['DAY', '2026-06-01T00:30:00Z', 'Asia/Kathmandu', '2026-05-31T18:15:00.000Z', '2026-06-01T18:15:00.000Z'],
    ['WEEK', '2026-11-22T23:59:59Z', 'UTC', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['WEEK', '2026-03-25T00:00:00Z', 'America/New_York', '2026-03-23T04:00:00.000Z', '2026-03-30T04:00:00.000Z'],
    ['MONTH', '2026-01-31T12:00:00Z', 'UTC', '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    ['MONTH', '2028-02-29T12:00:00Z', 'UTC', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
    ['MONTH', '2026-12-31T23:30:00Z', 'Europe/Berlin', '2026-12-31T23:00:00.000Z', '2027-01-31T23:00:00.000Z'],
    ['MONTH', '2026-10-10T00:00:00Z', 'Europe/Berlin', '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'],
  ] as const)('%s at %s in %s', (period, now, zone, startsAt, endsAt) => {
    expect(shown(period, now, zone)).toEqual([startsAt, endsAt])
  })

  test('lie side by side, and every instant is in its own', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Beirut')
    const instants = fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') })
    const periods = fc.constantFrom('DAY' as const, 'WEEK' as const, 'MONTH' as const)
    fc.assert(
      fc.property(periods, instants, zones, (period, now, zone) => {
        const { startsAt, endsAt } = calendarWindow(period, now, zone)
        expect(startsAt).toBeLessThanOrEqual(now)
        expect(now).toBeLessThan(endsAt ?? 0)
        expect(calendarWindow(period, startsAt, zone)).toEqual({ startsAt, endsAt })
        expect(calendarWindow(period, endsAt ?? 0, zone).startsAt).toBe(endsAt)
      }),
    )
  })

  test('a minute and an hour begin with the first request, and a total never ends', () => {
    expect(windowAt('MINUTE', 0, 'UTC')).toBeNull()
    expect(windowAt('TOTAL', 5, 'UTC')).toEqual({ startsAt: 0, endsAt: null })
  })
})

test.each([
  [0, '0s'],
  [250, '250ms'],
  [1_000, '1s'],
  [360_000, '6m0s'],
  [3_600_000, '1h0m0s'],
])('%i ms until a reset is written %s', (ms, text) => {
  expect(formatReset(ms)).toBe(text)
})
