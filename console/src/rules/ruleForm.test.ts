import { expect, test } from 'vitest'
import { anyProvider, ruleSchema, toInput, toState } from './ruleForm.ts'

const filled = { ...toState(null), name: 'Marketing may use GPT', modelPattern: 'gpt-.*' }

test('only the chosen kind of target is sent', () => {
  const state = { ...filled, who: 'GROUP' as const, groupId: 'g1', userId: 'u1' }
  expect(toInput(state)).toMatchObject({ groupId: 'g1', userId: null, role: null, providerId: null })
})

test('a group that is not chosen is told at its field', () => {
  const told = ruleSchema.safeParse({ ...filled, who: 'GROUP' })
  expect(told.error?.issues.map((issue) => issue.path.join('.'))).toEqual(['groupId'])
})

test('a rule that denies says nothing of the response cache', () => {
  const caching = { ...filled, cacheSeconds: 300, cacheShared: true }
  expect(toInput(caching)).toMatchObject({ cacheSeconds: 300, cacheShared: true })
  expect(toInput({ ...caching, effect: 'DENY' })).toMatchObject({ cacheSeconds: null, cacheShared: false })
  expect(toInput({ ...caching, cacheSeconds: null })).toMatchObject({ cacheSeconds: null, cacheShared: false })
})

test('any provider is no provider for the server', () => {
  expect(toInput({ ...filled, providerId: anyProvider }).providerId).toBeNull()
  expect(toInput({ ...filled, providerId: 'p1' }).providerId).toBe('p1')
})
