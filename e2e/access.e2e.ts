import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Key, Person } from './product/world.ts'
import { openWorld, type World } from './product.ts'

let world: World
let everything: string
let alice: Person
let key: Key

const chat = { model: 'fake-gpt', messages: [{ role: 'user', content: 'a b' }] }

beforeAll(async () => {
  world = await openWorld()
  alice = await world.admin.user('alice')
  key = await alice.key(world.provider)
  const { rules } = await world.admin.api.query<{ rules: { nodes: { id: string; name: string }[] } }>(
    '{ rules { nodes { id name } } }',
  )
  everything = rules.nodes.find(({ name }) => name.startsWith('Everybody'))?.id ?? ''
  await setRule(everything, { enabled: false })
})
afterAll(() => world.close())

const setRule = (id: string, set: object) => world.admin.api.mutate('updateRule', { id, ...set }, 'rule { id }')

async function addRule(set: object): Promise<string> {
  const wished = { name: `Rule ${Math.random()}`, effect: 'ALLOW', modelPattern: '.*', ...set }
  const { rule } = await world.admin.api.mutate<{ rule: { id: string } }>('createRule', wished, 'rule { id }')
  return rule.id
}

const deleteRule = (id: string) => world.admin.api.mutate('deleteRule', { id }, 'rule { id }')

type Refusal = { readonly status: number; readonly code: string; readonly message: string; readonly requestId: string }

async function refusalOf(response: Response): Promise<Refusal> {
  const { error }: { error: { code: string; message: string } } = JSON.parse(await response.text())
  return { status: response.status, requestId: response.headers.get('x-request-id') ?? '', ...error }
}

type Cause = { readonly type: string; readonly id: string | null; readonly name: string | null }

/** What the log says of a request, as soon as it is stored. */
async function causeOf(person: Person, id: string): Promise<Cause | null> {
  const document = `query Why($id: ID!) { usageEntry(id: $id) { refusedBy { type id name } } }`
  type Answer = { readonly usageEntry: { readonly refusedBy: Cause | null } | null }
  return vi.waitUntil(async () => (await person.api.query<Answer>(document, { id })).usageEntry?.refusedBy, {
    timeout: 10_000,
  })
}

describe('a user’s key', () => {
  test('may nothing without a rule, and is told which layer says so', async () => {
    const refusal = await refusalOf(await key.post(chat))
    expect(refusal).toMatchObject({ status: 403, code: 'permission_denied' })
    expect(refusal.message).toMatch(/rule/i)
    expect(await causeOf(world.admin, refusal.requestId)).toEqual({ type: 'RULE', id: null, name: null })
  })

  test('follows every change of a rule with the next request after its answer', async () => {
    const rule = await addRule({ userId: alice.id })
    for (let round = 0; round < 10; round++) {
      expect((await key.post(chat)).status).toBe(200)
      await setRule(rule, { enabled: false })
      expect((await key.post(chat)).status).toBe(403)
      await setRule(rule, { enabled: true })
    }
    const deny = await addRule({ effect: 'DENY', modelPattern: 'fake-.*', name: 'A secret reason' })
    const refusal = await refusalOf(await key.post(chat))
    expect(refusal.message).not.toContain('secret')
    expect(await causeOf(world.admin, refusal.requestId)).toEqual({ type: 'RULE', id: deny, name: 'A secret reason' })
    expect(await causeOf(alice, refusal.requestId)).toEqual({ type: 'RULE', id: deny, name: null })
    await deleteRule(deny)
    await deleteRule(rule)
    expect((await key.post(chat)).status).toBe(403)
    expect(await causeOf(world.admin, refusal.requestId)).toMatchObject({ name: 'A secret reason' })
  })

  test('follows its owner into a group, out of it, and into another role', async () => {
    const wished = { name: 'Writers' }
    const { group } = await world.admin.api.mutate<{ group: { id: string } }>('createGroup', wished, 'group { id }')
    const rule = await addRule({ groupId: group.id })
    const members = (set: object) =>
      world.admin.api.mutate('updateGroup', { id: group.id, ...set }, 'group { memberCount }')
    expect((await key.post(chat)).status).toBe(403)
    await members({ addMemberIds: [alice.id] })
    expect((await key.post(chat)).status).toBe(200)
    await members({ removeMemberIds: [alice.id] })
    expect((await key.post(chat)).status).toBe(403)
    await expect(world.admin.api.mutate('deleteGroup', { id: group.id }, 'group { id }')).rejects.toThrow(/^GroupInUse/)
    await deleteRule(rule)
    await world.admin.api.mutate('deleteGroup', { id: group.id }, 'group { id }')
    const role = (to: string) => world.admin.api.mutate('updateUser', { id: alice.id, role: to }, 'user { role }')
    await role('ADMINISTRATOR')
    expect((await key.post(chat)).status).toBe(200)
    await role('USER')
    expect((await key.post(chat)).status).toBe(403)
  })

  test('does no more than its restrictions say', async () => {
    const rule = await addRule({})
    const restrict = (set: object) =>
      alice.api.mutate('updateApiKey', { id: key.id, ...set }, 'apiKey { models addresses endpoints }')
    const refused = async (type: string, message: RegExp) => {
      const refusal = await refusalOf(await key.post(chat))
      expect(refusal).toMatchObject({ status: 403, code: 'permission_denied', message: expect.stringMatching(message) })
      expect(await causeOf(alice, refusal.requestId)).toEqual({ type, id: key.id, name: key.name })
    }
    await restrict({ models: ['text*'] })
    await refused('KEY_RESTRICTION', /key restriction/)
    await restrict({ models: [], endpoints: ['EMBEDDINGS'] })
    await refused('KEY_RESTRICTION', /key restriction/)
    await restrict({ endpoints: [], addresses: ['203.0.113.0/24'] })
    await refused('ADDRESS', /IP address/)
    await restrict({ addresses: ['127.0.0.0/8', '::1'] })
    expect((await key.post(chat)).status).toBe(200)
    await deleteRule(rule)
  })
})

test('an explanation says what the request then meets, and a trial what a rule would have done', async () => {
  type Explained = { explainAccess: { allowed: boolean; refusedBy: { layer: string } | null } }
  const explain = async () => {
    const document = `query Explain($keyId: ID!) {
      explainAccess(keyId: $keyId, model: "fake-gpt") { allowed refusedBy { layer } } }`
    return (await alice.api.query<Explained>(document, { keyId: key.id })).explainAccess
  }
  expect(await explain()).toEqual({ allowed: false, refusedBy: { layer: 'RULE' } })
  expect((await key.post(chat)).status).toBe(403)
  const trial = `query Try($input: TryRuleInput!) { tryRule(input: $input) {
    ... on TryRuleSuccess { newlyAllowed { requests keys users } examples { model allowed apiKey { name } } } } }`
  const input = { effect: 'ALLOW', modelPattern: 'fake-.*', userId: alice.id, days: 1 }
  const { tryRule } = await world.admin.api.query<{ tryRule: { newlyAllowed: object } }>(trial, { input })
  expect(tryRule.newlyAllowed).toMatchObject({ keys: 1, users: 1 })
  expect(tryRule).toMatchObject({ examples: [{ model: 'fake-gpt', allowed: true, apiKey: { name: key.name } }] })
  await addRule({ modelPattern: 'fake-.*', userId: alice.id })
  expect(await explain()).toEqual({ allowed: true, refusedBy: null })
  expect((await key.post(chat)).status).toBe(200)
})
