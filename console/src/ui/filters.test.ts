import { expect, test } from 'vitest'
import { type Filter, labelOf, readMany, toExportQuery, toggleMany } from './filters.ts'

const status: Filter = {
  name: 'status',
  label: 'Status',
  isMany: true,
  choices: [
    { value: 'ACTIVE', label: 'Active' },
    { value: 'EXPIRING', label: 'Expiring' },
  ],
}

test('ticking twice leaves things as they were', () => {
  expect(toggleMany(toggleMany('ACTIVE', 'EXPIRING'), 'EXPIRING')).toBe('ACTIVE')
})

test('nothing ticked is nothing, not an empty value', () => {
  expect(readMany('')).toEqual([])
})

test('a chip names every value, also one that an edited address made up', () => {
  expect(labelOf(status, 'EXPIRING,ACTIVE')).toBe('Expiring or Active')
  expect(labelOf(status, 'WHATEVER')).toBe('WHATEVER')
})

test('a name with a comma stays whole where only one can be chosen', () => {
  expect(labelOf({ name: 'key', label: 'Key', choices: [] }, 'a,b')).toBe('a,b')
})

test('a file is asked for with what the list is asked for', () => {
  const filter = {
    status: ['ACTIVE', 'EXPIRING'],
    ownerId: 'ada',
    neverUsed: true,
    code: [429, 503],
    search: undefined,
  }
  expect(toExportQuery(filter)).toEqual({
    status: 'ACTIVE,EXPIRING',
    ownerId: 'ada',
    neverUsed: 'true',
    code: '429,503',
  })
  expect(toExportQuery(null)).toEqual({})
})
