import { expect, test } from 'vitest'
import { readNames, toPatternText, toTrial, toWho } from './rule.ts'

const nobody = { user: null, group: null, role: null }

test('a rule without user, group and role is for everyone', () => {
  expect(toWho(nobody).label).toBe('Everyone')
  expect(toWho({ ...nobody, role: 'AUDITOR' }).label).toBe('Auditors')
  expect(toWho({ ...nobody, group: { id: 'g', name: 'Marketing' } }).label).toBe('Marketing')
})

test('the pattern for everything is told in words', () => {
  expect(toPatternText('.*')).toBe('Every model')
  expect(toPatternText('gpt-4.*')).toBe('gpt-4.*')
})

test('names come one per line or with commas, each once', () => {
  expect(readNames('gpt-4o, gpt-4o\n claude-3 \n\n')).toEqual(['gpt-4o', 'claude-3'])
})

test('a trial without effect says that nothing would have changed', () => {
  const none = { requests: 0, keys: 0, users: 0 }
  const tried = {
    __typename: 'TryRuleSuccess' as const,
    requests: 9,
    newlyRefused: none,
    newlyAllowed: none,
    examples: [],
  }
  expect(toTrial(tried, 7)).toEqual({
    lines: [{ tone: 'same', text: 'Would have changed nothing in the last 7 days.' }],
    examples: [],
    requests: 9,
  })
})
