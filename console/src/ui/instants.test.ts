import { expect, test } from 'vitest'
import {
  daysFrom,
  daysUntil,
  endOfLocalDay,
  startOfDay,
  startOfNextDay,
  toBothZones,
  toDateField,
  toDayAndTime,
  toRelative,
  toZoned,
} from './instants.ts'

const now = Date.parse('2026-11-23T12:00:00.000Z')

test('an instant is told in the zone of the reader and in UTC', () => {
  expect(toBothZones('2027-02-21T22:59:59.000Z', 'Europe/Berlin')).toBe(
    '21 Feb 2027, 23:59 CET · 21 Feb 2027, 22:59 UTC',
  )
})

test('summer time changes the name of the zone', () => {
  expect(toDayAndTime('2027-07-01T10:00:00.000Z', 'Europe/Berlin')).toBe('1 Jul 2027, 12:00 CEST')
})

test('someone who lives in UTC reads one time, not the same one twice', () => {
  expect(toBothZones('2027-02-21T22:59:59.000Z', 'UTC')).toBe('21 Feb 2027, 22:59 UTC')
  expect(toZoned('2027-02-21T22:59:59.000Z', 'UTC')).toEqual({ value: '21 Feb 2027, 22:59 UTC' })
})

test.each([
  ['2026-11-23T11:59:40.000Z', 'just now'],
  ['2026-11-23T12:00:20.000Z', 'in a moment'],
  ['2026-11-23T11:55:00.000Z', '5m ago'],
  ['2026-11-23T09:00:00.000Z', '3h ago'],
  ['2026-11-20T12:00:00.000Z', '3d ago'],
  ['2026-11-30T12:00:00.000Z', 'in 7d'],
])('%s is %s at noon', (iso, words) => {
  expect(toRelative(iso, now)).toBe(words)
})

test('a preset of days is exactly so many times 24 hours', () => {
  expect(daysFrom(now, 90)).toBe('2027-02-21T12:00:00.000Z')
})

test('a part of a day left counts as a day', () => {
  expect(daysUntil('2026-11-24T11:00:00.000Z', now)).toBe(1)
  expect(daysUntil('2026-11-22T11:00:00.000Z', now)).toBe(-1)
})

test('a picked day lasts to its last second in the zone of the reader', () => {
  const at = endOfLocalDay('2027-02-22')
  expect(at).not.toBeNull()
  expect(toDateField(at ?? '')).toBe('2027-02-22')
  expect(new Date(at ?? '').getSeconds()).toBe(59)
})

test('no day is no instant', () => {
  expect(endOfLocalDay('')).toBeNull()
})

// Clocks are changed in the small hours in Berlin, on the Azores at midnight itself.
test.each([
  ['UTC', '2026-11-23T12:34:56Z', '2026-11-23T00:00Z', '2026-11-24T00:00Z'],
  ['Europe/Berlin', '2026-11-23T23:30:00Z', '2026-11-23T23:00Z', '2026-11-24T23:00Z'],
  ['Asia/Kathmandu', '2026-11-23T12:00:00Z', '2026-11-22T18:15Z', '2026-11-23T18:15Z'],
  ['Europe/Berlin', '2026-03-29T20:00:00Z', '2026-03-28T23:00Z', '2026-03-29T22:00Z'],
  ['Europe/Berlin', '2026-10-25T20:00:00Z', '2026-10-24T22:00Z', '2026-10-25T23:00Z'],
  ['Atlantic/Azores', '2026-03-28T12:00:00Z', '2026-03-28T01:00Z', '2026-03-29T01:00Z'],
  ['Atlantic/Azores', '2026-10-25T12:00:00Z', '2026-10-25T00:00Z', '2026-10-26T01:00Z'],
])('a day in %s around %s begins at its midnight, as does the next', (zone, at, begins, next) => {
  expect(startOfDay(Date.parse(at), zone)).toBe(Date.parse(begins))
  expect(startOfNextDay(Date.parse(at), zone)).toBe(Date.parse(next))
})
