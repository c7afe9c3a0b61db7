import {
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql'
import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { createLimit } from '../limits/limits.service.ts'
import { createPrice } from '../limits/prices.service.ts'
import { createRule } from '../rules/rules.service.ts'
import { serveGraphql } from '../test/serve-graphql.ts'
import { testWorld } from '../test/world.ts'
import { createAccessToken } from '../users/access-tokens.service.ts'
import { createGroup } from '../users/groups.service.ts'
import { schema } from './schema.ts'

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const { secret } = await createAccessToken(administrator, { name: 'Script', scopes: ['READ', 'WRITE'] })
const provider = await world.provider()
const price = { providerId: provider.id, modelPattern: 'gpt-*', inputMicros: 1n, outputMicros: 1n }
/** What an id may name: by the words that stand in the name of its argument or field. */
const IDS: readonly (readonly [word: string, id: string])[] = [
  ['provider', provider.id],
  ['group', (await createGroup(administrator, { name: 'A group' })).id],
  ['rule', (await createRule(administrator, { name: 'A rule', effect: 'DENY', modelPattern: 'never' })).id],
  [
    'limit',
    (await createLimit(administrator, { target: 'MODEL', modelPattern: 'x', metric: 'CONCURRENCY', amount: 1n })).id,
  ],
  ['price', (await createPrice(administrator, price)).id],
  ['key', (await createApiKey(administrator, { name: 'A key', providerId: provider.id })).row.id],
  ['', (await world.person()).viewer.id],
]

const url = `${await serveGraphql(world.parts)}/graphql`

/** Values that a type lets through, and that have broken a statement, a column or a calculation somewhere. */
const HOSTILE: Readonly<Record<string, readonly unknown[]>> = {
  String: ['', 'half \ud83d', 'x'.repeat(20_000), '__proto__', '{"a":1}', '%\\'],
  ID: ['', '\udfff', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  Int: [-2_147_483_648, -1, 0, 2_147_483_647],
  BigInt: ['-9223372036854775809', '-1', '0', '9999999999999999999'],
  DateTime: ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'],
  JSON: [null, [], 'text', { '': 1 }],
}
const PLAIN: Readonly<Record<string, unknown>> = {
  String: 'Harmless',
  Int: 1,
  Boolean: false,
  BigInt: '1',
  DateTime: '2027-01-01T00:00:00Z',
  JSON: {},
}

type Member = { readonly name: string; readonly type: GraphQLInputType }

/** The smallest value that passes the type, with ids of things that are there where that can be told. */
function plainValue({ name, type }: Member, about: string): unknown {
  if (isNonNullType(type)) return plainValue({ name, type: type.ofType }, about)
  if (isListType(type)) return [plainValue({ name, type: type.ofType }, about)]
  if (isEnumType(type)) return type.getValues()[0]?.name
  if (isInputObjectType(type)) return plainMembers(Object.values(type.getFields()), about)
  const [, id] = IDS.find(([word]) => `${name} ${about}`.toLowerCase().includes(word)) ?? []
  return getNamedType(type).name === 'ID' ? id : PLAIN[getNamedType(type).name]
}

const plainMembers = (members: readonly Member[], about: string): Record<string, unknown> =>
  Object.fromEntries(members.filter(({ type }) => isNonNullType(type)).map((one) => [one.name, plainValue(one, about)]))

/** The members with one hostile value somewhere in them: every place, every value. */
function* hostileMembers(members: readonly Member[], about: string): Generator<Record<string, unknown>> {
  for (const member of members)
    for (const value of hostileValues(member, about)) yield { ...plainMembers(members, about), [member.name]: value }
}

function* hostileValues({ name, type }: Member, about: string): Generator<unknown> {
  if (isNonNullType(type)) yield* hostileValues({ name, type: type.ofType }, about)
  else if (isListType(type)) for (const value of hostileValues({ name, type: type.ofType }, about)) yield [value]
  else if (isInputObjectType(type)) yield* hostileMembers(Object.values(type.getFields()), about)
  else yield* HOSTILE[getNamedType(type).name] ?? []
}

async function ask(document: string, variables: object): Promise<string> {
  const body = JSON.stringify({ query: document, variables })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` }
  return (await fetch(url, { method: 'POST', headers, body })).text()
}

const fieldsOf = (kind: 'query' | 'mutation') => {
  const root = kind === 'query' ? schema.getQueryType() : schema.getMutationType()
  return Object.values(root?.getFields() ?? {}).flatMap((field) =>
    field.args.length > 0 ? [[field.name, kind, field] as const] : [],
  )
}

test.each([...fieldsOf('query'), ...fieldsOf('mutation')])(
  'no value makes %s fail on our side',
  async (name, kind, field) => {
    const declared = field.args.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ')
    const given = field.args.map((arg) => `${arg.name}: $${arg.name}`).join(', ')
    const answer = getNamedType(field.type)
    const rows = answer.name.endsWith('Connection') ? '{ totalCount nodes { __typename } }' : '{ __typename }'
    const document = `${kind} (${declared}) { ${name}(${given}) ${isLeafType(answer) ? '' : rows} }`
    for (const variables of hostileMembers(field.args, name)) {
      expect(await ask(document, variables), JSON.stringify(variables).slice(0, 300)).not.toContain('INTERNAL_ERROR')
    }
  },
)
