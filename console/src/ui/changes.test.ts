import { expect, test } from 'vitest'
import { changesOf } from './changes.ts'

test('only what was changed is sent, and what was emptied is null', () => {
  const before = { name: 'One', models: ['a', 'b'], description: 'Why', groupId: null }
  expect(changesOf(before, { ...before, models: ['a', 'b'] })).toEqual({})
  expect(changesOf(before, { ...before, name: 'Two', models: ['b'] })).toEqual({ name: 'Two', models: ['b'] })
  expect(changesOf<object>(before, { ...before, description: null })).toEqual({ description: null })
})

test('a member that was not there before is a change', () => {
  expect(changesOf<object>({ name: 'One' }, { name: 'One', credential: 'new' })).toEqual({ credential: 'new' })
})
