import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { GraphqlClient } from './product/graphql.ts'
import { type FieldShape, leavesOf, readRootFields, rootDocument, selectionOf } from './product/introspection.ts'
import type { Key, Person } from './product/world.ts'
import { openWorld, type World } from './product.ts'

let world: World
let alice: Person
let bob: Person
let aliceKey: Key
let bobKey: Key
let fields: readonly FieldShape[]

// A word that stands in everything of Alice's, and must not stand in anything that Bob gets.
const canary = 'zanzibar'

beforeAll(async () => {
  world = await openWorld()
  alice = await world.admin.user(`alice-${canary}`)
  bob = await world.admin.user('bob')
  aliceKey = await alice.key(world.provider, {
    name: `Alice ${canary}`,
    purpose: `purpose ${canary}`,
    application: `application ${canary}`,
    environment: `environment ${canary}`,
  })
  bobKey = await bob.key(world.provider)
  for (const key of [aliceKey, bobKey]) {
    const response = await key.post({ model: 'fake-gpt', messages: [{ role: 'user', content: 'a b' }] })
    expect(response.status).toBe(200)
    await response.arrayBuffer()
  }
  await vi.waitUntil(async () => (await world.admin.usageEntries()).length === 2, { timeout: 15_000 })
  await alice.accessToken()
  const group = { name: `Group ${canary}`, memberIds: [alice.id] }
  const { group: made } = await world.admin.api.mutate<{ group: { id: string } }>('createGroup', group, 'group { id }')
  const rule = { name: `Rule ${canary}`, description: canary, effect: 'ALLOW', modelPattern: `${canary}-.*` }
  await world.admin.api.mutate('createRule', { ...rule, groupId: made.id }, 'rule { id }')
  fields = (await readRootFields(world.admin.api, 'Query')).filter((field) =>
    Object.values(leastArgs(field, alice.id)).every((value) => value !== undefined),
  )
})
afterAll(() => world.close())

/** Secrets of both keys, without the part that may be shown. */
const secretParts = () => [aliceKey, bobKey].map((key) => key.secret.slice(16, 48))
const aliceMarks = () => [canary, aliceKey.id, aliceKey.secret.slice(4, 16), alice.id]

/** Asks one root field for everything below it, three objects deep, and answers the raw text. */
async function askAll(api: GraphqlClient, field: FieldShape, args: Readonly<Record<string, unknown>>): Promise<string> {
  const selection = await selectionOf(world.admin.api, field.typeName, 3)
  return JSON.stringify(await api.ask(rootDocument(field, args, selection), args))
}

const instant = (offsetMs: number) => new Date(Date.now() + offsetMs).toISOString()

/** What would have refused everything. */
const TRIALS: Readonly<Record<string, object>> = {
  tryRule: { effect: 'DENY', modelPattern: '.*' },
  tryLimit: { target: 'EVERYTHING', metric: 'REQUESTS', period: 'DAY', amount: '0' },
}

/** The least arguments a root field needs, pointing at Alice's things where it takes an id. */
function leastArgs(field: FieldShape, id: string): Record<string, unknown> {
  const known: Readonly<Record<string, unknown>> = {
    id,
    from: instant(-86_400_000),
    to: instant(86_400_000),
    interval: 'TOTAL',
    keyId: aliceKey.id,
    model: 'fake-gpt',
    input: TRIALS[field.name],
  }
  // An explanation needs a key or a provider, though it can be asked without either.
  const needed = field.args.filter(({ name, required }) => required || name === 'keyId')
  return Object.fromEntries(needed.map(({ name }) => [name, known[name]]))
}

describe('a User', () => {
  test('sees nothing of another user through any root field, each leaf asked for by itself', async () => {
    expect(fields.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['apiKeys', 'usage', 'usageEntries', 'users']),
    )
    let asked = 0
    let answered = 0
    for (const field of fields) {
      const leaves = await leavesOf(world.admin.api, field.typeName, 3)
      for (const leaf of leaves.length === 0 ? [''] : leaves) {
        for (const id of field.args.some(({ name }) => name === 'id') ? [aliceKey.id, alice.id] : [alice.id]) {
          const args = leastArgs(field, id)
          const text = JSON.stringify(await bob.api.ask(rootDocument(field, args, leaf), args))
          asked += 1
          if (!text.includes('"errors":[')) answered += 1
          for (const mark of aliceMarks().filter((one) => one !== id))
            expect(text, `${field.name} ${leaf}`).not.toContain(mark)
          expect(text, `${field.name} ${leaf}`).not.toMatch(/INTERNAL|Unexpected error/i)
        }
      }
    }
    process.stdout.write(`a User asked for ${asked} leaves of the schema, ${answered} were answered\n`)
    expect(answered).toBeGreaterThan(100)
  })

  test('gets the same answer for what is not there and what is not theirs', async () => {
    for (const name of ['apiKey', 'usageEntry', 'user']) {
      const nowhere = '01900000-0000-7000-8000-000000000000'
      const [entry] = await alice.usageEntries()
      const theirs = name === 'apiKey' ? aliceKey.id : name === 'user' ? alice.id : (entry?.id ?? '')
      const ask = (id: string) => bob.api.ask(`query One($id: ID!) { ${name}(id: $id) { __typename } }`, { id })
      expect(await ask(theirs), name).toEqual(await ask(nowhere))
    }
  })

  const filters = [
    (): object => ({ ownerId: alice.id }),
    (): object => ({ creatorId: alice.id }),
    (): object => ({ search: canary }),
    (): object => ({ search: aliceKey.secret.slice(4, 16) }),
    (): object => ({ application: `application ${canary}` }),
    (): object => ({ environment: `environment ${canary}` }),
  ]
  test.each(filters.map((filter, index) => [index, filter] as const))(
    'finds no other key with filter %i',
    async (_, filter) => {
      const document = `query Keys($filter: ApiKeyFilter) { apiKeys(filter: $filter) { totalCount nodes { id } edges { cursor } } }`
      expect(await bob.api.ask(document, { filter: filter() })).toEqual({
        data: { apiKeys: { totalCount: 0, nodes: [], edges: [] } },
      })
    },
  )

  test('counts and pages only own keys in every order', async () => {
    for (const order of ['NAME', 'CREATED_AT', 'EXPIRES_AT', 'LAST_USED_AT']) {
      for (const direction of ['ASC', 'DESC']) {
        const document = `{ apiKeys(first: 1, orderBy: { field: ${order}, direction: ${direction} }) {
          totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage } } }`
        expect(await bob.api.query(document), `${order} ${direction}`).toEqual({
          apiKeys: {
            totalCount: 1,
            nodes: [{ id: bobKey.id }],
            pageInfo: { hasNextPage: false, hasPreviousPage: false },
          },
        })
      }
    }
  })

  test('aggregates only own usage, whatever the group and the filter', async () => {
    const range = { from: instant(-86_400_000), to: instant(86_400_000) }
    const document = `query Sum($from: DateTime!, $to: DateTime!, $by: UsageGroupBy, $filter: UsageFilter) {
      usage(from: $from, to: $to, interval: TOTAL, groupBy: $by, filter: $filter) { group label requests } }`
    type Sums = { readonly usage: readonly { readonly requests: number }[] }
    const sum = async (by: string | null, filter: object | null) => {
      const { usage } = await bob.api.query<Sums>(document, { ...range, by, filter })
      return usage.reduce((total, point) => total + point.requests, 0)
    }
    for (const by of [null, 'KEY', 'OWNER', 'PROVIDER', 'MODEL', 'STATUS', 'CODE']) expect(await sum(by, null)).toBe(1)
    for (const filter of [{ ownerId: alice.id }, { keyId: aliceKey.id }]) expect(await sum('KEY', filter)).toBe(0)
    expect(await bob.usageEntries({ ownerId: alice.id })).toEqual([])
    expect(await bob.usageEntries({ keyId: aliceKey.id })).toEqual([])
  })

  test('cannot change, expire, delete or restore another user’s key, alone or among own ones', async () => {
    const facts = []
    for (const mutation of ['updateApiKey', 'expireApiKey', 'deleteApiKey', 'restoreApiKey']) {
      const input = mutation === 'updateApiKey' ? { id: aliceKey.id, name: 'Taken over' } : { id: aliceKey.id }
      facts.push(await bob.api.mutate(mutation, input, 'apiKey { id }').catch((error: Error) => error.message))
    }
    facts.push(
      await bob.api
        .mutate('expireApiKeys', { ids: [bobKey.id, aliceKey.id] }, 'expiredCount')
        .catch((error: Error) => error.message),
    )
    for (const fact of facts) expect(fact).toMatch(/^NotFound/)
    for (const key of [aliceKey, bobKey]) {
      const response = await key.post({ model: 'fake-gpt', messages: [{ role: 'user', content: 'a' }] })
      expect(response.status).toBe(200)
    }
    const forAlice = { name: 'For Alice', providerId: world.provider.id, ownerId: alice.id }
    await expect(bob.api.mutate('createApiKey', forAlice, 'secret')).rejects.toThrow()
  })
})

describe('an Administrator', () => {
  test('sees all keys, and no secret anywhere', async () => {
    let everything = ''
    for (const field of fields) {
      for (const id of [aliceKey.id, alice.id]) {
        const text = await askAll(world.admin.api, field, leastArgs(field, id))
        expect(text.match(/"errors":\[.*/)?.[0], field.name).toBeUndefined()
        everything += text
      }
    }
    for (const mark of [...aliceMarks(), bobKey.id]) expect(everything).toContain(mark)
    for (const secret of [...secretParts(), 'sk-fake-credential', alice.password])
      expect(everything).not.toContain(secret)
  })

  test('finds no secret in what the process printed either', () => {
    for (const secret of [...secretParts(), 'sk-fake-credential', alice.password]) {
      expect(world.product.output()).not.toContain(secret)
    }
  })
})

describe('nobody', () => {
  test('is answered by no root field but the public ones', async () => {
    const nobody = world.product
    for (const field of fields.filter(({ name }) => !['setupRequired', 'viewer'].includes(name))) {
      const response = await fetch(`${nobody.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-aic-csrf': '1' },
        body: JSON.stringify({
          query: rootDocument(field, leastArgs(field, alice.id), '{ __typename }'),
          variables: leastArgs(field, alice.id),
        }),
      })
      const text = await response.text()
      expect(text, field.name).toContain('"errors":[')
      for (const mark of aliceMarks()) expect(text, field.name).not.toContain(mark)
    }
  })

  test('a gateway key is nobody at /graphql, and a session is nobody at /work', async () => {
    const document = JSON.stringify({ query: '{ viewer { id } apiKeys { totalCount } }' })
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${aliceKey.secret}` }
    const answer = await (
      await fetch(`${world.product.url}/graphql`, { method: 'POST', headers, body: document })
    ).text()
    expect(answer).not.toContain('totalCount":1')
    const cookie = alice.api.proof.cookie ?? ''
    const work = await fetch(`${world.product.url}/work`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json' },
      body: '{}',
    })
    expect(work.status).toBe(401)
  })
})
