import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Stopped } from './product/graphql.ts'
import { openWorld, type World } from './product.ts'

let world: World

beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

/** Strings that have broken a page, a sheet, a terminal or a database somewhere. */
const hostile: readonly (readonly [name: string, text: string])[] = [
  ['HTML', '<img src=x onerror=alert(1)>'],
  ['a CSV formula', '=HYPERLINK("http://evil")'],
  ['another CSV formula', '@SUM(1+1)*cmd|calc'],
  ['right-to-left override', 'abc \u202Egnp.exe'],
  ['4-byte characters', '🔑 key of 👩‍👩‍👧‍👦'],
  ['combining marks', `z${'\u0301'.repeat(20)}algo`],
  ['SQL', `'; DROP TABLE users; --`],
  ['a template', '#{7*7} {{7*7}}'],
  ['a JSON escape', '\\u0000 "quoted" \\'],
  ['a line break', 'one\ntwo'],
  ['a carriage return', 'one\r\nx-injected: 1'],
  ['an ANSI escape', 'red \u001b[31m text'],
  ['NUL', 'nul \u0000 inside'],
  ['a lone surrogate', 'half \uD83D emoji'],
  ['a zero width space', 'zero\u200Bwidth'],
  ['__proto__', '__proto__'],
]

type Answer = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Usernames are kept in lower case, so that two people cannot look alike. */
const toKept = (member: string, sent: string): string =>
  member === 'username' ? sent.trim().normalize('NFC').toLowerCase() : sent.trim().normalize('NFC')

/** Stored as it was given, or refused with a fact that names the member; never an unexpected error, never changed. */
async function expectKeptOrRefused(
  mutation: string,
  input: object,
  member: string,
  subject: string,
  sent: string,
): Promise<void> {
  const before = await counts()
  try {
    const answer = await world.admin.api.mutate<Answer>(mutation, input, `${subject} { id ${member} }`)
    expect(answer[subject]?.[member]).toBe(toKept(member, sent))
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    expect(error.fact).toBe('InvalidInput')
    // NUL is refused before it is known where it stood: no text of the database can hold it.
    expect(error.message).toMatch(new RegExp(`${member}|NUL`))
    expect(await counts()).toEqual(before)
  }
}

const counts = () =>
  world.admin.api.query(
    '{ apiKeys { totalCount } providers { totalCount } users { totalCount } auditEntries { totalCount } }',
  )

describe('a hostile string', () => {
  test.each(hostile)('%s in every text of a key', async (_name, text) => {
    const base = { providerId: world.provider.id }
    await expectKeptOrRefused('createApiKey', { ...base, name: text }, 'name', 'apiKey', text)
    for (const member of ['purpose', 'application', 'environment']) {
      const input = { ...base, name: `Key ${crypto.randomUUID().slice(0, 8)}`, [member]: text }
      await expectKeptOrRefused('createApiKey', input, member, 'apiKey', text)
    }
  })

  test.each(hostile)('%s as the name of a provider, a user or an access token', async (_name, text) => {
    const provider = { baseUrl: world.fake.url, wireFormat: 'OPENAI', authType: 'NONE', enabledModels: ['fake*'] }
    await expectKeptOrRefused('createProvider', { ...provider, name: text }, 'name', 'provider', text)
    const username = `u-${crypto.randomUUID().slice(0, 8)}`
    const user = { username, displayName: text, email: `${username}@example.com`, role: 'USER' }
    await expectKeptOrRefused('createUser', user, 'displayName', 'user', text)
    await expectKeptOrRefused('createUser', { ...user, username: text, displayName: 'Fine' }, 'username', 'user', text)
  })

  test.each(hostile)('%s in every filter and as an id', async (_name, text) => {
    const documents = [
      'query A($t: String) { apiKeys(filter: { search: $t }) { totalCount } }',
      'query B($t: String) { users(filter: { search: $t }) { totalCount } }',
      'query C($t: String) { providers(filter: { search: $t }) { totalCount } }',
      'query D($t: String) { usageEntries(filter: { model: $t }) { totalCount } }',
      'query E($t: String) { auditEntries(filter: { action: $t }) { totalCount } }',
      'query F($t: String) { apiKeys(after: $t) { totalCount } }',
    ]
    for (const document of documents) {
      const answer = JSON.stringify(await world.admin.api.ask(document, { t: text }))
      expect(answer, document).not.toMatch(/INTERNAL|Unexpected/i)
    }
    const one = await world.admin.api.ask('query One($t: ID!) { apiKey(id: $t) { id } }', { t: text })
    expect(JSON.stringify(one)).not.toMatch(/INTERNAL|Unexpected/i)
  })
})

describe('a name', () => {
  const create = (name: string) =>
    world.admin.api.mutate<Answer>('createApiKey', { name, providerId: world.provider.id }, 'apiKey { id name }')

  test('has 3 to 64 characters, counted as people count', async () => {
    for (const name of ['', 'ab', ' ab ', 'x'.repeat(65)])
      await expect(create(name)).rejects.toMatchObject({ fact: 'InvalidInput' })
    expect((await create('x'.repeat(64)))['apiKey']?.['name']).toHaveLength(64)
    await expect(create('🔑🔑🔑')).resolves.toBeDefined()
  })

  test('is trimmed, and unique per owner among keys that are not deleted', async () => {
    const first = await create('  Twice  ')
    expect(first['apiKey']?.['name']).toBe('Twice')
    await expect(create('Twice')).rejects.toMatchObject({ fact: 'NameTaken' })
    const other = await world.admin.user('same-name')
    await expect(other.key(world.provider, { name: 'Twice' })).resolves.toBeDefined()
    await world.admin.api.mutate('deleteApiKey', { id: first['apiKey']?.['id'] }, 'apiKey { id }')
    await expect(create('Twice')).resolves.toBeDefined()
    await expect(
      world.admin.api.mutate('restoreApiKey', { id: first['apiKey']?.['id'] }, 'apiKey { id }'),
    ).rejects.toMatchObject({
      fact: 'NameTaken',
    })
  })

  test('of a provider has 3 to 32 characters', async () => {
    for (const name of ['ab', 'x'.repeat(33)]) {
      await expect(world.admin.provider(world.fake, { name })).rejects.toMatchObject({ fact: 'InvalidInput' })
    }
    await expect(world.admin.provider(world.fake, { name: 'x'.repeat(32) })).resolves.toBeDefined()
  })
})

describe('a document the schema does not know', () => {
  test('is refused with a clear error, and nothing is stored', async () => {
    const before = await counts()
    const documents = [
      'mutation { createApiKey(input: { name: 5, providerId: "x" }) { __typename } }',
      'mutation { createApiKey(input: { name: "abc", providerId: "x", secret: "mine" }) { __typename } }',
      'mutation { createApiKey { __typename } }',
      '{ apiKeys(first: 101) { totalCount } }',
      '{ apiKeys(first: -1) { totalCount } }',
      '{ nothing }',
      '{',
      '',
    ]
    for (const document of documents) {
      const answer = await world.admin.api.ask<unknown>(document)
      expect(answer.errors?.length, document).toBeGreaterThan(0)
      expect(JSON.stringify(answer.errors), document).not.toMatch(/INTERNAL|Unexpected error/i)
    }
    expect(await counts()).toEqual(before)
  })
})
