import { expect, test } from 'vitest'
import { refusalToDeleteType, toLine, toRolloutLook, toRolloutText, toUsualDays } from './policy.ts'
import type { Policy } from './policyDocuments.ts'
import { blank } from './policyFixture.ts'
import { noGroup, policySchema, toChangedLimits, toRules, toState } from './policyForm.ts'

test('what a policy enforces is one line, the most important first', () => {
  const policy = {
    ...blank,
    approvalRequired: true,
    namingPattern: '[a-z]+',
    namingExamples: ['search'],
    maxLifetimeDays: 30,
    requiredDetails: ['PURPOSE' as const],
    fields: [{ name: 'Cost centre', required: true, choices: [] }],
    maxKeysPerUser: 1,
  }
  expect(toLine(policy)).toBe(
    'Needs approval · names like “search” · 30 days by default, at most 30 · must say purpose, Cost centre · 1 key per user',
  )
  expect(toLine(null)).toBe('No rules: any name, any lifetime.')
})

test('a new key usually lives 90 days, or as long as the maximum lets it', () => {
  expect(toUsualDays(null)).toBe(90)
  expect(toUsualDays({ defaultLifetimeDays: null, maxLifetimeDays: 14 })).toBe(14)
  expect(toUsualDays({ defaultLifetimeDays: 7, maxLifetimeDays: 14 })).toBe(7)
})

test('types that come with the product stay', () => {
  expect(refusalToDeleteType('Emergency')).not.toBeNull()
  expect(refusalToDeleteType('Partner')).toBeNull()
})

test('a policy that is opened and saved again stays what it is', () => {
  const {
    id: _id,
    keyType: _type,
    defaultLimits: _limits,
    ...rules
  } = { ...blank, maxLifetimeDays: 30, approvalRequired: true }
  expect(toRules(toState({ ...blank, ...rules }))).toEqual(rules)
})

test('empty fields take a rule away, and what hangs on another rule goes with it', () => {
  const state = { ...toState(blank), namingExamples: ['left over'], approverGroupId: 'g', neverAllowed: true }
  expect(toRules({ ...state, maxLifetimeDays: '30' })).toMatchObject({
    namingPattern: null,
    namingExamples: [],
    approverGroupId: null,
    neverAllowed: false,
    maxLifetimeDays: 30,
  })
  expect(toRules({ ...state, approvalRequired: true, approverGroupId: noGroup }).approverGroupId).toBeNull()
})

test('what contradicts itself is told at its field', () => {
  const pathsOf = (state: object) =>
    policySchema.safeParse({ ...toState(blank), ...state }).error?.issues.map((issue) => issue.path.join('.'))
  expect(pathsOf({ defaultLifetimeDays: '90', maxLifetimeDays: '30' })).toEqual(['defaultLifetimeDays'])
  expect(pathsOf({ namingPattern: 'x' })).toEqual(['namingExamples'])
  expect(pathsOf({ idleDays: '1.5', rotationDays: '3651' })).toEqual(['idleDays', 'rotationDays'])
  expect(pathsOf({})).toBeUndefined()
})

test('what is done about older keys says how it stands, in words that fit the choice', () => {
  const text = (choice: 'LEAVE' | 'CAP' | 'ASK_OWNERS') =>
    toRolloutText({ choice, brokenKeys: 5000, changedKeys: choice === 'LEAVE' ? 0 : 1 })
  expect(text('CAP')).toBe('1 key shortened')
  expect(text('ASK_OWNERS')).toBe('Owners of 1 key told')
  expect(text('LEAVE')).toBe('5,000 keys left as they were')
  expect(toRolloutLook({ finishedAt: null }).label).toBe('Running')
  expect(toRolloutLook({ finishedAt: '2026-11-23T12:00:00.000Z' }).label).toBe('Done')
})

test('default limits that are opened and saved again are no change; others go to the server as they are meant', () => {
  const day = { metric: 'REQUESTS', period: 'DAY', amount: '1000', allowUnpriced: false } as const
  const policy: Policy = {
    ...blank,
    defaultLimits: [day, { metric: 'MONEY', period: 'MONTH', amount: '12500000', allowUnpriced: true }],
  }
  const state = toState(policy)
  expect(state.limits[1]?.amount).toBe('12.5')
  expect(toChangedLimits(state, policy)).toBeNull()
  expect(toChangedLimits({ ...state, limits: [{ ...day, metric: 'CONCURRENCY', amount: '4' }] }, policy)).toEqual([
    { metric: 'CONCURRENCY', period: null, amount: '4' },
  ])
  const pathsOf = (limits: object[]) =>
    policySchema.safeParse({ ...state, limits }).error?.issues.map(({ path }) => path.join('.'))
  expect(pathsOf([day, { ...day, amount: '5' }])).toEqual(['limits.1.metric'])
  expect(pathsOf([{ ...day, amount: '1.5' }])).toEqual(['limits.0.amount'])
  expect(pathsOf([{ ...day, metric: 'MONEY', amount: '12,50' }])).toEqual(['limits.0.amount'])
})
