import { readFileSync } from 'node:fs'
import {
  type GraphQLField,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  isUnionType,
  printSchema,
} from 'graphql'
import { expect, test } from 'vitest'
import { schema } from './schema.ts'

const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
)

/** Every place of the schema that a person reads: types, fields, arguments, input members, enum values. */
function places(type: GraphQLNamedType): { place: string; description: string | null | undefined }[] {
  const own = { place: type.name, description: type.description }
  if (isEnumType(type)) {
    return [
      own,
      ...type.getValues().map((value) => ({ place: `${type.name}.${value.name}`, description: value.description })),
    ]
  }
  if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return [own]
  return [own, ...Object.values(type.getFields()).flatMap((field) => fieldPlaces(type.name, field))]
}

function fieldPlaces(
  type: string,
  field: { name: string; description?: string | null; args?: GraphQLField<unknown, unknown>['args'] },
) {
  const place = `${type}.${field.name}`
  const args = field.args ?? []
  return [
    { place, description: field.description },
    ...args.map((arg) => ({ place: `${place}(${arg.name})`, description: arg.description })),
  ]
}

const rootFields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
  Object.values(type?.getFields() ?? {}),
)
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {})

test('the printed schema is schema.graphql; `node server/graphql/print.ts` writes it', () => {
  const committed = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')
  expect(`${printSchema(schema)}\n`).toBe(committed)
})

test('everything is described', () => {
  const undescribed = types.flatMap(places).filter(({ description }) => !description)
  expect(undescribed.map(({ place }) => place)).toEqual([])
})

/** Lists that scripts rely on, by the contract. The others are short, and those of ones own. */
const LISTS = [
  ...['apiKeys', 'users', 'groups', 'providers', 'rules', 'limits', 'policies'],
  ...['keyRequests', 'accessReviews', 'usageEntries', 'auditEntries'],
]

test.each(LISTS)('%s can be narrowed and sorted', (name) => {
  const list = schema.getQueryType()?.getFields()[name]
  const takes = ['after', 'before', 'filter', 'first', 'last', 'orderBy']
  expect(list?.args.map((arg) => arg.name).toSorted()).toEqual(takes)
})

test.each(rootFields.map((field) => [field.name, field] as const))('%s says who may use it', (_name, field) => {
  const options = Object(field.extensions['pothosOptions'])
  expect(Object.keys(options.authScopes ?? {})).not.toEqual([])
})

test.each(mutations.map((field) => [field.name, field] as const))(
  '%s is for nobody, or for who may write',
  (_name, field) => {
    const scopes = Object(field.extensions['pothosOptions']).authScopes
    expect(scopes.public === true || scopes.write === true).toBe(true)
  },
)

test.each(mutations.map((field) => [field.name, field] as const))(
  '%s takes one input and answers a result union',
  (name, field) => {
    const type = name.charAt(0).toUpperCase() + name.slice(1)
    expect(field.args.map((arg) => `${arg.name}: ${String(arg.type)}`)).toEqual([
      expect.stringMatching(`^input: ${type}Input!?$`),
    ])
    expect(String(field.type)).toBe(`${type}Result!`)
    const union = schema.getType(`${type}Result`)
    const members = isUnionType(union) ? union.getTypes() : []
    expect(members.map((member) => member.name)).toContain(`${type}Success`)
    const problems = members.filter((member) => member.name !== `${type}Success`)
    expect(problems.every((member) => member.getInterfaces().some(({ name: shared }) => shared === 'Problem'))).toBe(
      true,
    )
  },
)
