import { expect, test } from 'vitest'
import { toLook, toSubject, toTimeLeft } from './emergency.ts'

test('an operation says whose keys it ended', () => {
  expect(toSubject({ scope: 'USER', subjectName: 'maria' })).toBe('All keys of maria')
  expect(toSubject({ scope: 'ALL', subjectName: null })).toBe('Every key')
})

test('what was undone is undone, whether or not it had finished', () => {
  const at = '2027-01-01T00:00:00Z'
  const done = { finishedAt: at, undoneAt: null, restoredAt: null }
  expect(toLook({ ...done, undoneAt: at, restoredAt: at }).label).toBe('Undone')
  expect(toLook({ ...done, undoneAt: at }).label).toBe('Undoing')
  expect(toLook(done).label).toBe('Done')
  expect(toLook({ ...done, finishedAt: null }).label).toBe('Running')
})

test('the time left to undo ends at its instant', () => {
  const until = '2027-01-01T01:00:00Z'
  expect(toTimeLeft(until, Date.parse('2027-01-01T00:00:30Z'))).toBe('60 min')
  expect(toTimeLeft(until, Date.parse('2026-12-31T23:59:50Z'))).toBe('60 min')
  expect(toTimeLeft(until, Date.parse(until))).toBeNull()
  expect(toTimeLeft(null, 0)).toBeNull()
})
