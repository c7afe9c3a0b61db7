import { expect, test } from 'vitest'
import { differences } from './differences.ts'

const row = {
  name: 'one',
  models: ['a', 'b'],
  endsAt: new Date('2026-11-24T00:00:00Z'),
  amount: 2n ** 60n,
  note: null,
  version: 3,
}

test('what says the same, and what is not wished, is no difference', () => {
  const same = { ...row, models: [...row.models], endsAt: new Date(row.endsAt), version: undefined }
  expect(differences(row, same)).toBeNull()
})

test('what differs stands before and after, and nothing else does', () => {
  const wished = { name: 'one', models: ['b', 'a'], endsAt: null, amount: row.amount + 1n, note: 'new' }
  const { name: _, ...after } = wished
  const { name: _name, version: _version, ...before } = row
  expect(differences(row, wished)).toEqual({ before, after })
})
