import { expect, test } from 'vitest'
import { toDifferences, toSubjectPath, toWords } from './audit.ts'

test('only what changed is told, and what appeared has no before', () => {
  expect(toDifferences({ name: 'a', enabled: true }, { name: 'b', enabled: true, models: ['x'] })).toEqual([
    { name: 'name', before: 'a', after: 'b' },
    { name: 'models', before: null, after: '["x"]' },
  ])
})

test('what was made has no before at all', () => {
  expect(toDifferences(null, { name: 'a' })).toEqual([{ name: 'name', before: null, after: 'a' }])
})

test('the name of a mutation reads as words', () => {
  expect(toWords('expireApiKey')).toBe('Expire API key')
  expect(toWords('sign_in')).toBe('Sign in')
})

test('keys, rules and limits have a page, other things have none', () => {
  expect(toSubjectPath('ApiKey', 'k')).toBe('/keys/k')
  expect(toSubjectPath('Rule', 'r')).toBe('/admin/rules?rule=r')
  expect(toSubjectPath('Session', 's')).toBeNull()
})
