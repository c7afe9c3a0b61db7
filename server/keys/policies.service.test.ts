import { expect, test } from 'vitest'
import { InvalidInput, NameTaken, NotFound } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { createApiKey } from './create-key.service.ts'
import { deleteApiKey, expireApiKey, listKeyTypes, restoreApiKey, updateApiKey } from './keys.service.ts'
import {
  createKeyType,
  createPolicy,
  deleteKeyType,
  deletePolicy,
  findPolicyOf,
  listPolicies,
  updatePolicy,
} from './policies.service.ts'
import * as check from './policy-check.ts'
import { rotateApiKey } from './rotate-key.service.ts'

const world = await testWorld()
const provider = await world.provider()
const other = await world.provider()
const owner = await world.person()
const administrator = await world.person('ADMINISTRATOR')
const DAY = 86_400_000
const { inDays } = world.clock
let count = 0

/** A key type of its own for each test, with these rules. */
async function typeWith(rules: Parameters<typeof updatePolicy>[1] extends infer Edit ? Omit<Edit, 'id'> : never) {
  const type = await createKeyType(administrator, { name: `Type ${++count}` })
  return { type, policy: await createPolicy(administrator, { ...rules, keyType: type }) }
}

const make = (type: string, set: object = {}) =>
  createApiKey(owner, { name: `Key ${++count}`, providerId: provider.id, type, ...set })

const issuesOf = async (work: Promise<unknown>) => {
  const error = await work.catch((thrown: unknown) => thrown)
  return error instanceof InvalidInput ? error.issues.map(({ path }) => path) : error
}

test('the guide’s lifetimes are in force from the first start', async () => {
  const days = async (type: string) => {
    const { row } = await make(type)
    return row.expiresAt && (row.expiresAt.getTime() - world.clock.now().getTime()) / DAY
  }
  expect([await days('Development'), await days('Production'), await days('Emergency')]).toEqual([30, 90, 7])
  await expect(make('Production', { expiresAt: inDays(181) })).rejects.toThrow(check.LifetimeTooLong)
  await expect(make('Production', { expiresAt: null })).rejects.toThrow(check.LifetimeTooLong)
  await expect(make('Emergency', { expiresAt: inDays(7.001) })).rejects.toThrow('7 days or less')
  await make('Production', { expiresAt: inDays(180) })
})

test('a type that an administrator adds has no rules until it gets a policy, and one policy only', async () => {
  const type = await createKeyType(administrator, { name: 'Batch' })
  await make(type, { expiresAt: null })
  expect(await findPolicyOf(owner, type)).toBeNull()
  const policy = await createPolicy(administrator, { keyType: type, maxLifetimeDays: 10 })
  expect((await make(type)).row.expiresAt).toEqual(inDays(10))
  await expect(createPolicy(administrator, { keyType: type })).rejects.toThrow(NameTaken)
  await expect(createKeyType(administrator, { name: type })).rejects.toThrow(NameTaken)
  await deletePolicy(administrator, policy.id)
  await make(type, { expiresAt: null })
  await expect(deletePolicy(administrator, policy.id)).rejects.toThrow(NotFound)
})

test('names must follow the pattern as a whole, and the refusal shows an example', async () => {
  const { type } = await typeWith({
    namingPattern: '[a-z]+-(dev|prod)',
    namingExamples: ['billing-prod'],
    namingCounterexamples: ['Billing', 'x-billing-prod-2'],
    neverAllowed: true,
  })
  const error = await make(type, { name: 'Billing key' }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(check.NamingRuleViolated)
  expect(String(error)).toContain('billing-prod')
  const { row } = await make(type, { name: 'search-dev' })
  await expect(updateApiKey(owner, { id: row.id, name: 'Search' })).rejects.toThrow(check.NamingRuleViolated)
  await updateApiKey(owner, { id: row.id, purpose: 'Nightly index' })
})

test.each([
  ['namingPattern', { namingPattern: '(', namingExamples: ['a'] }],
  ['namingPattern', { namingPattern: '(?=a)a', namingExamples: ['a'] }],
  ['namingExamples', { namingPattern: 'a+' }],
  ['namingExamples.0', { namingPattern: 'a+', namingExamples: ['b'] }],
  ['namingCounterexamples.1', { namingPattern: 'a+', namingExamples: ['a'], namingCounterexamples: ['b', 'aa'] }],
  ['defaultLifetimeDays', { defaultLifetimeDays: 20, maxLifetimeDays: 10 }],
  ['neverAllowed', { neverAllowed: true, maxLifetimeDays: 10 }],
  ['maxLifetimeDays', { maxLifetimeDays: 0 }],
  ['fields.0.name', { fields: [{ name: 'Purpose', required: true, choices: [] }] }],
  ['providerIds', { providerIds: ['01900000-0000-7000-8000-000000000000'] }],
  ['approverGroupId', { approverGroupId: '01900000-0000-7000-8000-000000000000' }],
])('a policy with a bad %s is refused and changes nothing', async (path, rules) => {
  const { policy } = await typeWith({})
  expect(await issuesOf(updatePolicy(administrator, { id: policy.id, ...rules }))).toEqual([path])
  expect(await findPolicyOf(owner, policy.keyType)).toEqual(policy)
})

test('a pattern that would take a backtracking engine for ever answers at once', async () => {
  const { type } = await typeWith({ namingPattern: '(x+x+)+y', namingExamples: ['xxy'], neverAllowed: true })
  const started = performance.now()
  await expect(make(type, { name: 'x'.repeat(64) })).rejects.toThrow(check.NamingRuleViolated)
  expect(performance.now() - started).toBeLessThan(1000)
})

test('required details and own fields must be said, from their choices, and stay said', async () => {
  const { type } = await typeWith({
    requiredDetails: ['PURPOSE'],
    fields: [
      { name: 'Cost centre', required: true, choices: ['4711', '4712'] },
      { name: 'Ticket', required: false, choices: [] },
    ],
    neverAllowed: true,
  })
  const centre = (value: string) => ({ fields: [{ name: 'Cost centre', value }] })
  await expect(make(type, centre('4711'))).rejects.toThrow('must say their purpose')
  await expect(make(type, { purpose: 'Search' })).rejects.toThrow('must say their Cost centre')
  await expect(make(type, { purpose: 'Search', ...centre('9') })).rejects.toThrow(check.FieldRequired)
  expect(await issuesOf(make(type, { purpose: 'Search', fields: [{ name: 'Unknown', value: 'x' }] }))).toEqual([
    'fields',
  ])
  const { row } = await make(type, { purpose: 'Search', ...centre('4711') })
  expect(row.fields).toEqual({ 'Cost centre': '4711' })
  await expect(updateApiKey(owner, { id: row.id, purpose: '' })).rejects.toThrow(check.FieldRequired)
  await expect(updateApiKey(owner, { id: row.id, ...centre('') })).rejects.toThrow(check.FieldRequired)
  const edited = await updateApiKey(owner, { id: row.id, fields: [{ name: 'Ticket', value: 'T-1' }] })
  expect(edited.fields).toEqual({ 'Cost centre': '4711', Ticket: 'T-1' })
})

test('a person has no more keys of a type than allowed, also with ten tries at once and by restoring', async () => {
  const { type } = await typeWith({ maxKeysPerUser: 3, neverAllowed: true })
  const tries = await Promise.allSettled(Array.from({ length: 10 }, () => make(type)))
  const made = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value.row] : []))
  expect(made).toHaveLength(3)
  await deleteApiKey(owner, made[0]?.id ?? '')
  const { row } = await make(type)
  await expect(restoreApiKey(owner, made[0]?.id ?? '')).rejects.toThrow(check.TooManyKeys)
  await expireApiKey(owner, row.id)
  await restoreApiKey(owner, made[0]?.id ?? '')
})

test('keys of a type open only the providers it may, and get its restrictions when nothing is said', async () => {
  const { type } = await typeWith({ providerIds: [other.id], models: ['gpt-4o*'], endpoints: ['CHAT'] })
  await expect(make(type)).rejects.toThrow(check.ProviderNotAllowed)
  const { row } = await make(type, { providerId: other.id })
  expect([row.models, row.endpoints, row.addresses]).toEqual([['gpt-4o*'], ['CHAT'], []])
  expect((await make(type, { providerId: other.id, models: [] })).row.models).toEqual([])
})

test('a stricter policy leaves keys alone that are not touched, and lets them be shortened', async () => {
  const { type, policy } = await typeWith({ neverAllowed: true })
  const { row } = await make(type, { expiresAt: null })
  await updatePolicy(administrator, { id: policy.id, neverAllowed: null, maxLifetimeDays: 30 })
  await updateApiKey(owner, { id: row.id, name: `Renamed ${count}` })
  await updateApiKey(owner, { id: row.id, expiresAt: inDays(60) })
  await expect(updateApiKey(owner, { id: row.id, expiresAt: inDays(61) })).rejects.toThrow(check.LifetimeTooLong)
})

test('a lifetime counts from the current secret: a rotation makes room for a later expiry', async () => {
  const { type } = await typeWith({ maxLifetimeDays: 30 })
  const { row } = await make(type)
  world.clock.advance(20 * DAY)
  await expect(updateApiKey(owner, { id: row.id, expiresAt: inDays(30) })).rejects.toThrow(check.LifetimeTooLong)
  await rotateApiKey(owner, { id: row.id, overlap: 'ONE_DAY' })
  expect((await updateApiKey(owner, { id: row.id, expiresAt: inDays(30) })).expiresAt).toEqual(inDays(30))
})

test('changing the type asks for everything that the new type demands', async () => {
  const { type } = await typeWith({ requiredDetails: ['APPLICATION'], maxLifetimeDays: 30 })
  const { row } = await make('Development', { expiresAt: null })
  await expect(updateApiKey(owner, { id: row.id, type })).rejects.toThrow(check.FieldRequired)
  await expect(updateApiKey(owner, { id: row.id, type, application: 'Search' })).rejects.toThrow(check.LifetimeTooLong)
  await updateApiKey(owner, { id: row.id, type, application: 'Search', expiresAt: inDays(30) })
})

test('a change of rules is told with what was and what is, and policies are listed by type', async () => {
  const { policy } = await typeWith({ maxLifetimeDays: 30 })
  await updatePolicy(administrator, { id: policy.id, maxLifetimeDays: 60 })
  await updatePolicy(administrator, { id: policy.id, maxLifetimeDays: 60 })
  const entries = await world.db.prisma.auditEntry.findMany({
    where: { subjectId: policy.id },
    orderBy: { seq: 'asc' },
  })
  expect(entries.map(({ action }) => action)).toEqual(['createPolicy', 'updatePolicy'])
  expect([entries[1]?.before, entries[1]?.after]).toEqual([{ maxLifetimeDays: 30 }, { maxLifetimeDays: 60 }])
  const list = async (keyType: readonly string[], direction: 'ASC' | 'DESC') => {
    const { edges } = await listPolicies(owner, { first: 2 }, { keyType }, { field: 'KEY_TYPE', direction })
    return edges.map(({ node }) => node.keyType)
  }
  expect(await list([], 'ASC')).toEqual(['Development', 'Emergency'])
  expect(await list(['Emergency', 'Development'], 'DESC')).toEqual(['Emergency', 'Development'])
})

test('a key type goes with its policy, but not while a key says it, nor one that comes with the product', async () => {
  const { type, policy } = await typeWith({ maxLifetimeDays: 30 })
  expect(await deleteKeyType(administrator, type)).toBe(type)
  expect(await listKeyTypes(administrator)).not.toContain(type)
  expect(await findPolicyOf(administrator, type)).toBeNull()
  const entries = await world.db.prisma.auditEntry.findMany({ where: { subjectName: type }, orderBy: { seq: 'asc' } })
  expect(entries.map(({ action }) => action)).toEqual([
    'createKeyType',
    'createPolicy',
    'deletePolicy',
    'deleteKeyType',
  ])
  expect(entries[1]?.subjectId).toBe(policy.id)
  const used = await typeWith({})
  const { row } = await make(used.type)
  await deleteApiKey(owner, row.id)
  await expect(deleteKeyType(administrator, used.type)).rejects.toThrow(check.KeyTypeInUse)
  await expect(deleteKeyType(administrator, 'Emergency')).rejects.toThrow(check.KeyTypeInUse)
  await expect(deleteKeyType(administrator, type)).rejects.toThrow(NotFound)
})
