import { expect, test } from 'vitest'
import { toBreaches } from './keyPolicy.ts'
import { toLifetimes } from './lifetimes.ts'
import type { Policy } from './policyDocuments.ts'
import { blank } from './policyFixture.ts'

const policy: Policy = {
  ...blank,
  namingPattern: '[a-z]+-prod',
  namingExamples: ['search-prod', 'mail-prod'],
  requiredDetails: ['PURPOSE'],
  fields: [
    { name: 'Cost centre', required: true, choices: [] },
    { name: 'Team', required: false, choices: [] },
  ],
}
const state = { name: 'Search', type: 'Partner', purpose: ' ', application: '', environment: '', fields: {} }
const matches = (name: string) => name.endsWith('-prod')
const at = (now: typeof state, before: typeof state | null = null) =>
  toBreaches(policy, matches, now, before).map((breach) => breach.name)

test('a new key is told everything that its policy refuses, each at its field', () => {
  expect(at(state)).toEqual(['name', 'purpose', 'fields.Cost centre'])
  expect(toBreaches(policy, matches, state, null)[0]?.message).toContain('“search-prod” or “mail-prod”')
  expect(at({ ...state, name: 'x-prod', purpose: 'Search', fields: { 'Cost centre': '4711' } })).toEqual([])
  expect(toBreaches(null, null, state, null)).toEqual([])
})

test('an edit is judged by what it changes; another type asks for everything', () => {
  expect(at(state, state)).toEqual([])
  expect(at({ ...state, name: 'Find' }, state)).toEqual(['name'])
  expect(at({ ...state, application: 'x' }, state)).toEqual(['purpose', 'fields.Cost centre'])
  expect(at(state, { ...state, type: 'Development' })).toEqual(['name', 'purpose', 'fields.Cost centre'])
})

test('the lifetimes on offer end with the maximum and hold the default of the type', () => {
  expect(toLifetimes(90, null)).toEqual([7, 30, 60, 90, 180])
  expect(toLifetimes(20, 45)).toEqual([7, 20, 30, 45])
  expect(toLifetimes(7, 7)).toEqual([7])
})
