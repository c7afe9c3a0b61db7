import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { serveGraphql } from '../test/serve-graphql.ts'
import { testWorld } from '../test/world.ts'
import { createAccessToken } from '../users/access-tokens.service.ts'
import { createUser } from '../users/users.service.ts'

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const provider = await world.provider()
const { secret: apiKey } = await createApiKey(administrator, { name: 'A gateway key', providerId: provider.id })
const { secret: token } = await createAccessToken(administrator, { name: 'Script', scopes: ['READ', 'WRITE'] })
const password = 'correct horse battery staple'
await createUser(administrator, { username: 'ada', displayName: 'Ada', password })

const origin = await serveGraphql(world.parts)

const JSON_TYPE = { 'content-type': 'application/json' }
const bearer = { ...JSON_TYPE, authorization: `Bearer ${token}` }

async function send(headers: Record<string, string>, body: unknown, method = 'POST') {
  const init = method === 'POST' ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}
  const answer = await fetch(`${origin}/graphql`, { method, headers, ...init })
  const text = await answer.text()
  const read = (): unknown => (text.startsWith('{') ? JSON.parse(text) : text)
  return { status: answer.status, headers: answer.headers, body: Object(read()), text }
}
const ask = (query: string, headers = bearer) => send(headers, { query })
const codeOf = (answer: { body: { errors?: { extensions?: { code?: string } }[] } }) =>
  answer.body.errors?.[0]?.extensions?.code

const signIn = () =>
  send(JSON_TYPE, {
    query: 'mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }',
    variables: { input: { username: 'ada', password } },
  })

test('a session cookie is bound to host, hidden from scripts and sent on top-level navigation only', async () => {
  const cookie = (await signIn()).headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/^__Host-aic_session=[\w-]{43}; Path=\/; Expires=[^;]+; Secure; HttpOnly; SameSite=Lax$/)
})

test('a session works with the custom header, and is refused without it', async () => {
  const cookie = ((await signIn()).headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const query = '{ viewer { username } }'
  const good = await send({ ...JSON_TYPE, cookie, 'x-aic-csrf': '1' }, { query })
  expect(good.body).toEqual({ data: { viewer: { username: 'ada' } } })
  const bad = await send({ ...JSON_TYPE, cookie }, { query })
  expect([bad.status, codeOf(bad)]).toEqual([403, 'FORBIDDEN'])
})

test.each([
  ['a gateway key', { authorization: `Bearer ${apiKey}` }],
  ['nonsense', { authorization: 'Bearer nonsense' }],
  ['basic authentication', { authorization: 'Basic YTpi' }],
])('%s is no access token', async (_what, headers) => {
  const answer = await send({ ...JSON_TYPE, ...headers }, { query: '{ viewer { id } }' })
  expect([answer.status, codeOf(answer), answer.headers.get('www-authenticate')]).toEqual([
    401,
    'UNAUTHENTICATED',
    'Bearer',
  ])
})

test.each([
  ['GET', 405],
  ['OPTIONS', 405],
  ['PUT', 405],
])('%s is refused, without CORS headers', async (method, status) => {
  const answer = await fetch(`${origin}/graphql?query={viewer{id}}`, {
    method,
    headers: { origin: 'https://evil.example' },
  })
  expect([answer.status, answer.headers.get('allow'), answer.headers.get('access-control-allow-origin')]).toEqual([
    status,
    'POST',
    null,
  ])
})

test('a form post and another site are refused', async () => {
  const form = await send({ 'content-type': 'application/x-www-form-urlencoded' }, 'query={viewer{id}}')
  const site = await send({ ...bearer, origin: 'https://evil.example' }, { query: '{ viewer { id } }' })
  expect([form.status, site.status]).toEqual([415, 403])
})

test('behind a proxy that asks under a name of its own, the pages of the public URL are ours', async () => {
  const config = { ...world.parts.config, publicUrl: 'https://aic.example' }
  const behind = await serveGraphql({ ...world.parts, config })
  const statusFrom = async (site: string) => {
    const init = { method: 'POST', headers: { ...bearer, origin: site }, body: '{"query":"{ viewer { id } }"}' }
    return (await fetch(`${behind}/graphql`, init)).status
  }
  expect(await statusFrom('https://aic.example')).toBe(200)
  expect(await statusFrom('http://aic.example')).toBe(403)
  expect(await statusFrom('https://aic.example.evil.example')).toBe(403)
})

test('a query that is no text is no document, whatever its size', async () => {
  const answer = await send(bearer, { query: 1 })
  expect([answer.status, codeOf(answer)]).toEqual([400, 'BAD_REQUEST'])
})

test('introspection is for people who are signed in, whoever asked the same before', async () => {
  const person = await createAccessToken(await world.person(), { name: 'Script', scopes: ['READ'] })
  const people = [bearer, { ...JSON_TYPE, authorization: `Bearer ${person.secret}` }]
  const query = '{ __schema { types { name } } }'
  for (let times = 0; times < 2; times++) {
    for (const headers of people)
      expect((await send(headers, { query })).body.data.__schema.types.length).toBeGreaterThan(50)
    const stranger = await send(JSON_TYPE, { query })
    expect([stranger.status, stranger.text.includes('ApiKey')]).toEqual([200, false])
  }
})

const deep = (levels: number) =>
  `{ apiKeys { nodes { owner { createdBy ${'{ createdBy '.repeat(levels)} { id } ${'}'.repeat(levels)} } } } }`
const many = (count: number, field: (index: number) => string) =>
  `{ ${Array.from({ length: count }, (_, index) => field(index)).join(' ')} }`

test.each([
  ['depth', deep(20)],
  ['aliases', many(100, (index) => `a${index}: viewer { id }`)],
  ['tokens', many(5000, () => '__typename')],
  ['aliases of what costs nothing', many(100, (index) => `a${index}: __typename`)],
  ['repetition', many(500, () => '__typename')],
  ['directives', `{ viewer { id ${'@include(if: true) '.repeat(10)} } }`],
  ['size', `{ viewer { id } } # ${'x'.repeat(300_000)}`],
  [
    'a circle of fragments',
    'query { viewer { ...A } } fragment A on User { createdBy { ...B } } fragment B on User { createdBy { ...A } }',
  ],
])('a document with too much %s does not run', async (_what, query) => {
  const answer = await ask(query)
  expect(answer.body.data).toBeUndefined()
  expect(answer.status).toBeLessThan(500)
})

test('a full page of keys with everything about them is within the bounds', async () => {
  const person = '{ id username displayName email role active createdAt }'
  const secret = '{ id publicId prefix lastFour createdAt expiresAt lastUsedAt }'
  const sums = '{ requests errors inputTokens outputTokens cachedTokens costMicros unpriced }'
  const answer = await ask(`{ apiKeys(first: 100, orderBy: { field: NAME, direction: ASC }) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { cursor node { id name type purpose application environment status createdAt expiresAt lastUsedAt deletedAt
      publicId prefix lastFour owner ${person} creator ${person} provider { id name enabled models baseUrl }
      secrets ${secret} usage { last24Hours ${sums} last30Days ${sums} daily } } } } }`)
  expect(answer.body.errors).toBeUndefined()
  expect(answer.body.data.apiKeys.totalCount).toBe(1)
})

test.each([
  [
    'a variable',
    { query: 'query ($q: String) { apiKeys(filter: { search: $q }) { totalCount } }', variables: { q: 'a\0b' } },
  ],
  ['the document', { query: '{ apiKeys(filter: { search: "a\\u0000b" }) { totalCount } }' }],
])('a NUL in %s is refused as the mistake it is', async (_where, body) => {
  const answer = await send(bearer, body)
  expect([answer.status, codeOf(answer)]).toEqual([400, 'InvalidInput'])
})

test.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-14:00'])(
  'an instant that cannot be stored, %s, is refused as the mistake it is',
  async (text) => {
    const answer = await ask(`{ apiKeys(filter: { expiresBefore: "${text}" }) { totalCount } }`)
    expect(answer.body.errors[0].message).toContain('must be an ISO 8601 instant')
  },
)

test.each([
  ['a string', '"12"', null],
  ['a number', '12', null],
  ['a number of the variables', '$amount', null],
  ['a fraction', '1.5', 'must be a whole number'],
  ['a number that a double cannot hold exactly', '9007199254740993', 'must be a whole number'],
])('a large whole number may be %s, or is refused in words', async (_what, amount, expected) => {
  const limit = `target: EVERYTHING, metric: REQUESTS, period: DAY, amount: ${amount}`
  const query = `query ${amount === '$amount' ? '($amount: BigInt!)' : ''} { tryLimit(input: { ${limit} }) { __typename } }`
  const answer = await send(bearer, { query, variables: { amount: 12 } })
  if (expected === null) expect(answer.body).toEqual({ data: { tryLimit: { __typename: 'TryLimitSuccess' } } })
  else expect(answer.body.errors[0].message).toContain(expected)
})

test('an administrator may send a price list of megabytes, nobody else and no document', async () => {
  const model = { litellm_provider: 'openai', input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 }
  const models = Array.from({ length: 20_000 }, (_, at) => [`model-${at}`, model])
  const json = JSON.stringify({ ...Object.fromEntries(models), 'dall-e-3': { litellm_provider: 'openai' } })
  const query = `mutation ($input: ImportPricesInput!) {
    importPrices(input: $input) { ... on ImportPricesSuccess { listed leftOut { reason rows } } } }`
  const body = { query, variables: { input: { providerId: provider.id, vendor: 'openai', json, preview: true } } }
  const told = { listed: 20_000, leftOut: [{ reason: 'NOT_PER_TOKEN', rows: 1 }] }
  expect((await send(bearer, body)).body).toEqual({ data: { importPrices: told } })
  const cookie = ((await signIn()).headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  expect((await send({ ...JSON_TYPE, cookie, 'x-aic-csrf': '1' }, body)).status).toBe(413)
  expect((await send(JSON_TYPE, body)).status).toBe(413)
})

test('field suggestions do not tell the schema', async () => {
  const { text } = await send(JSON_TYPE, { query: '{ viewr { id } }' })
  expect(text).toMatch(/Cannot query field [^?]+ \[Suggestion hidden\]"/)
})

test.each([
  ['not JSON', '{"query":'],
  ['no query', '{}'],
  ['a number', '7'],
  ['null', 'null'],
  ['a syntax error', '{"query":"{ viewer {"}'],
  ['variables of a wrong kind', '{"query":"{ viewer { id } }","variables":"x"}'],
])('%s is answered with an error, without data', async (_what, body) => {
  const answer = await send(bearer, body)
  expect(answer.body).toEqual({ errors: [expect.objectContaining({ message: expect.any(String) })] })
  expect(answer.status).toBeLessThan(500)
})

test('what nobody asked for is masked, with the request id', async () => {
  const answer = await ask('{ apiKeys(first: 101) { totalCount } }')
  expect(codeOf(answer)).toBe('InvalidInput')
  await world.db.pool.query('ALTER TABLE key_types RENAME TO gone')
  const broken = await ask('{ keyTypes }')
  await world.db.pool.query('ALTER TABLE gone RENAME TO key_types')
  const { message, extensions } = Object(broken.body.errors[0])
  expect(message).toBe('Something went wrong on our side.')
  expect(extensions).toEqual({ code: 'INTERNAL_ERROR', requestId: broken.headers.get('x-request-id') })
  expect(broken.text).not.toMatch(/key_types|prisma|select/i)
})

test.each([
  ['DateTime', 'yesterday', 'must be an ISO 8601 instant'],
  ['DateTime', '2026-02-30T00:00:00Z', 'must be an ISO 8601 instant'],
  ['DateTime', 5, 'must be an ISO 8601 instant'],
  ['BigInt', 'many', 'must be a whole number'],
  ['BigInt', 1.5, 'must be a whole number'],
])('a variable that is no %s is refused with the reason: %s', async (type, value, reason) => {
  const query =
    type === 'DateTime'
      ? 'query ($value: DateTime!) { usage(from: $value, to: "2026-11-24T00:00:00Z", interval: DAY) { start } }'
      : 'query ($value: BigInt!) { tryLimit(input: { target: EVERYTHING, metric: REQUESTS, amount: $value }) { __typename } }'
  const answer = await send(bearer, { query, variables: { value } })
  expect(answer.body.errors).toMatchObject([{ message: expect.stringContaining(reason) }])
})

test('where several nodes serve, the answer to a change says how many act on it and when the rest stop', async () => {
  const rename = (name: string) =>
    ask(`mutation { createGroup(input: { name: "${name}" }) { __typename } }`).then(({ body }) => body)
  expect(await rename('Alone')).toEqual({ data: { createGroup: { __typename: 'CreateGroupSuccess' } } })
  // It is cut off: it says nothing any more, and serves what it knows for another while.
  const servesUntil = new Date(Date.now() + 20_000)
  const node = { applied: 0n, reportedAt: new Date(Date.now() - 10_000), servesUntil }
  await world.db.prisma.node.create({ data: { id: crypto.randomUUID(), ...node } })
  const nodes = { confirmed: 1, nodes: 2, restStopAt: servesUntil.toISOString() }
  expect(await rename('Not alone')).toMatchObject({ extensions: { nodes } })
})
