import { describe, expect, it } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { askSchema } from '../test/ask-schema.ts'
import { testWorld } from '../test/world.ts'
import { createGroup } from '../users/groups.service.ts'
import { IDLE_MS } from '../users/session.ts'
import { findViewer, signIn } from '../users/sign-in.service.ts'
import { createUser } from '../users/users.service.ts'
import type { Viewer } from '../users/viewer.ts'
import { createRule } from './rules.service.ts'

const world = await testWorld()
const { parts, db } = world
const administrator = await world.person('ADMINISTRATOR')
const auditor = await world.person('AUDITOR')
const [ada, grace] = [await world.person(), await world.person()]
const provider = await world.provider()
const password = 'correct horse battery'
const group = await createGroup(administrator, { name: 'Zanzibar people', memberIds: [ada.viewer.id] })
const rule = await createRule(administrator, {
  name: 'Zanzibar rule',
  effect: 'ALLOW',
  modelPattern: 'zanzibar-.*',
  groupId: group.id,
})
const { row: key } = await createApiKey(ada, { name: 'Zanzibar key', providerId: provider.id })
const { row: own } = await createApiKey(grace, { name: 'Own key', providerId: provider.id })

const ask = (viewer: Viewer | null, source: string, variables?: Readonly<Record<string, unknown>>) =>
  askSchema({ parts, viewer }, source, variables)

const queries = {
  rules: '{ rules { totalCount nodes { id name modelPattern group { id name } } } }',
  rule: `{ rule(id: "${rule.id}") { id name modelPattern } }`,
  tryRule: `{ tryRule(input: { effect: DENY, modelPattern: ".*" }) {
    ... on TryRuleSuccess { requests newlyRefused { requests } examples { model apiKey { name } } } } }`,
}
const groupsQuery = '{ groups { totalCount nodes { id name memberCount ruleCount members { nodes { username } } } } }'

describe('a question about rules', () => {
  it.each(Object.entries(queries))('%s is answered to administrators and auditors only', async (_name, source) => {
    expect((await ask(null, source)).codes).toEqual(['UNAUTHENTICATED'])
    const refused = await ask(ada.viewer, source)
    expect(refused.codes).toEqual(['FORBIDDEN'])
    expect(refused.text).not.toContain('anzibar')
    for (const { viewer } of [administrator, auditor]) expect((await ask(viewer, source)).codes).toEqual([])
  })

  it('tells who a rule is for', async () => {
    const { data } = await ask(auditor.viewer, queries.rules)
    expect(data).toMatchObject({ rules: { totalCount: 2 } })
    expect(JSON.stringify(data)).toContain(`{"id":"${group.id}","name":"Zanzibar people"}`)
  })
})

describe('groups', () => {
  it('are shown to their members, without each other', async () => {
    const hidden = { id: group.id, name: 'Zanzibar people', memberCount: null, ruleCount: null, members: null }
    expect(await ask(ada.viewer, groupsQuery)).toMatchObject({
      data: { groups: { totalCount: 1, nodes: [hidden] } },
      codes: [],
    })
    expect((await ask(grace.viewer, groupsQuery)).data).toEqual({ groups: { totalCount: 0, nodes: [] } })
    expect((await ask(grace.viewer, `{ group(id: "${group.id}") { name } }`)).data).toEqual({ group: null })
    expect((await ask(null, groupsQuery)).codes).toEqual(['UNAUTHENTICATED'])
    const { data } = await ask(auditor.viewer, groupsQuery)
    const members = { nodes: [{ username: ada.viewer.username }] }
    expect(data).toMatchObject({ groups: { nodes: [{ memberCount: 1, ruleCount: 1, members }] } })
  })

  it('of a person are shown to that person, administrators and auditors', async () => {
    const groupsOf = (id: string) => `{ user(id: "${id}") { groups { name } } }`
    for (const { viewer } of [ada, auditor]) {
      expect((await ask(viewer, groupsOf(ada.viewer.id))).data).toEqual({
        user: { groups: [{ name: 'Zanzibar people' }] },
      })
    }
    const someone = await ask(
      grace.viewer,
      '{ apiKeys { nodes { owner { groups { name } } creator { groups { name } } } } }',
    )
    expect(someone.text).not.toContain('anzibar')
  })
})

describe('an explanation', () => {
  const source = `query ($keyId: ID, $userId: ID, $providerId: ID) {
    explainAccess(keyId: $keyId, userId: $userId, providerId: $providerId, model: "zanzibar-1") {
      allowed refusedBy { layer id name message } verdicts { layer name } } }`

  it('hides the names of rules from users, and everything of others', async () => {
    const mine = await ask(ada.viewer, source, { keyId: key.id })
    expect(mine.data).toMatchObject({ explainAccess: { allowed: true, refusedBy: null } })
    expect(mine.text).not.toContain('Zanzibar rule')
    expect((await ask(grace.viewer, source, { keyId: key.id })).data).toEqual({ explainAccess: null })
    const them = { userId: ada.viewer.id, providerId: provider.id }
    expect((await ask(grace.viewer, source, them)).data).toEqual({ explainAccess: null })
    const refused = await ask(grace.viewer, source, { keyId: own.id })
    expect(refused.data).toMatchObject({ explainAccess: { allowed: false, refusedBy: { layer: 'RULE', id: null } } })
    expect((await ask(auditor.viewer, source, { keyId: key.id })).text).toContain('Zanzibar rule')
    expect((await ask(null, source, { keyId: key.id })).codes).toEqual(['UNAUTHENTICATED'])
  })
})

describe('a refused request in the log', () => {
  const entries = '{ usageEntries { nodes { id code refusedBy { type id name } } } }'

  it('says what refused it; a rule’s name only to administrators and auditors', async () => {
    const terms = { target: 'KEY', keyId: key.id, metric: 'TOKENS', period: 'DAY', amount: 5n } as const
    const limit = await db.prisma.limit.create({ data: terms })
    const causes = [
      ['RULE', rule.id],
      ['RULE', null],
      ['KEY_RESTRICTION', key.id],
      ['PROVIDER_MODELS', provider.id],
      ['LIMIT', limit.id],
      [null, null],
    ] as const
    for (const [type, id] of causes) {
      await db.pool.query(
        `INSERT INTO usage_entries (id, started_at, key_id, secret_id, owner_id, provider_id, endpoint, status, "end",
          streamed, latency_ms, overhead_us, request_bytes, response_bytes, refused_by_type, refused_by_id)
        VALUES ($1, now(), $2, $2, $3, $4, 'chat/completions', 403, 'REFUSED', false, 0, 0, 0, 0, $5, $6)`,
        [parts.random.uuidv7(), key.id, ada.viewer.id, provider.id, type, id],
      )
    }
    const seen = async (viewer: Viewer) => {
      const { data } = await ask(viewer, entries)
      const { nodes }: { nodes: { refusedBy: object | null }[] } = Object(data?.['usageEntries'])
      return nodes.map(({ refusedBy }) => refusedBy)
    }
    const all = [
      { type: 'RULE', id: rule.id, name: 'Zanzibar rule' },
      { type: 'RULE', id: null, name: null },
      { type: 'KEY_RESTRICTION', id: key.id, name: 'Zanzibar key' },
      { type: 'PROVIDER_MODELS', id: provider.id, name: provider.name },
      null,
    ]
    const byLimit = { type: 'LIMIT', id: limit.id, name: 'tokens per day of this API key' }
    expect(await seen(auditor.viewer)).toEqual(expect.arrayContaining([...all, byLimit]))
    const users = [{ ...all[0], name: null }, ...all.slice(1), { ...byLimit, name: null }]
    expect(await seen(ada.viewer)).toEqual(expect.arrayContaining(users))
    expect(await seen(grace.viewer)).toEqual([])
  })
})

describe('a mutation', () => {
  const mutations = {
    createRule: { name: 'Mine now', effect: 'ALLOW', modelPattern: '.*' },
    updateRule: { id: rule.id, enabled: false },
    deleteRule: { id: rule.id },
    createGroup: { name: 'Mine now' },
    updateGroup: { id: group.id, addMemberIds: [grace.viewer.id] },
    deleteGroup: { id: group.id },
  }
  const call = (viewer: Viewer | null, name: string, input: object) => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input!`
    return ask(viewer, `mutation ($input: ${type}) { ${name}(input: $input) { __typename } }`, { input })
  }

  it.each(Object.entries(mutations))('%s is for administrators who may write', async (name, input) => {
    const count = await db.prisma.auditEntry.count()
    expect((await call(null, name, input)).codes).toEqual(['UNAUTHENTICATED'])
    for (const { viewer } of [ada, grace, auditor])
      expect((await call(viewer, name, input)).codes).toEqual(['FORBIDDEN'])
    const reading = { ...administrator.viewer, via: 'access_token', scopes: ['READ'] } as const
    expect((await call(reading, name, input)).codes).toEqual(['FORBIDDEN'])
    expect(await db.prisma.auditEntry.count()).toBe(count)
  })

  it.each(Object.entries(mutations))('%s does nothing for a session that has expired', async (name, input) => {
    const person = { username: `root-${name}`, role: 'ADMINISTRATOR', password } as const
    await createUser(administrator, person)
    const { token } = await signIn({ parts, origin: administrator.origin }, person)
    expect(await findViewer(parts, { sessionToken: token })).toMatchObject({ role: 'ADMINISTRATOR' })
    world.clock.advance(IDLE_MS)
    const viewer = await findViewer(parts, { sessionToken: token })
    expect(viewer).toBeNull()
    expect((await call(viewer, name, input)).codes).toEqual(['UNAUTHENTICATED'])
  })

  it('names the fact that stopped it', async () => {
    const kinds = async (name: string, input: object) => {
      const { data } = await call(administrator.viewer, name, input)
      return Reflect.get(Object(data?.[name]), '__typename')
    }
    expect(await kinds('createRule', { ...mutations.createRule, modelPattern: '(' })).toBe('InvalidInput')
    expect(await kinds('createRule', { ...mutations.createRule, name: rule.name })).toBe('NameTaken')
    expect(await kinds('createGroup', { name: group.name })).toBe('NameTaken')
    expect(await kinds('deleteGroup', { id: group.id })).toBe('GroupInUse')
    expect(await kinds('deleteRule', { id: group.id })).toBe('NotFound')
    expect(await kinds('deleteRule', { id: rule.id })).toBe('DeleteRuleSuccess')
    expect(await kinds('deleteGroup', { id: group.id })).toBe('DeleteGroupSuccess')
  })
})
