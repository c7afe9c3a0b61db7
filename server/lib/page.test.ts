import { expect, test } from 'vitest'
import { toKeyset, toPage } from './page.ts'
import { InvalidInput } from './problems.ts'

const BY_NAME = { column: 'name', direction: 'asc', nullable: false, dates: false } as const
const BY_DATE = { column: 'createdAt', direction: 'asc', nullable: false, dates: true } as const
const row = { id: '01a20b03-5db2-7fd0-b451-44a82d6deb23', name: 'One', createdAt: new Date('2026-11-24T00:00:00Z') }

test('a cursor is a place in lists of one sorting, forwards as backwards', () => {
  const after = toPage([row], {}, BY_DATE).pageInfo.endCursor
  expect(toKeyset({ after }, BY_DATE).where).toMatchObject({ AND: [{ createdAt: { gte: row.createdAt } }, {}] })
  expect(toKeyset({ after }, { ...BY_DATE, direction: 'desc' }).where).toMatchObject({
    AND: [{ createdAt: { lte: row.createdAt } }, {}],
  })
  expect(() => toKeyset({ after }, BY_NAME)).toThrow(InvalidInput)
  expect(() => toKeyset({ before: toPage([row], {}, BY_NAME).pageInfo.startCursor }, BY_DATE)).toThrow(InvalidInput)
})
