import {
  type GraphQLField,
  type GraphQLInputType,
  graphql,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { testWorld } from '../test/world.ts'
import type { Viewer } from '../users/viewer.ts'
import { schema } from './schema.ts'

/** Who may call a mutation at all. Whether the thing is theirs is judged after that, by the service. */
const WHO = {
  anybody: ['completeSetup', 'setPassword', 'signIn'],
  oneself: [
    'changePassword',
    'createAccessToken',
    'createSavedView',
    'deleteSavedView',
    'endSession',
    'markNoticeRead',
    'purgeResponseCache',
    'reportLeakedKey',
    'revokeAccessToken',
    'signOut',
  ],
  keyHolders: [
    'answerReviewItem',
    'answerReviewItems',
    'approveKeyRequest',
    'claimApiKeySecret',
    'createApiKey',
    'declineKeyRequest',
    'deleteApiKey',
    'endOverlap',
    'expireApiKey',
    'expireApiKeys',
    'restoreApiKey',
    'rotateApiKey',
    'updateApiKey',
    'withdrawKeyRequest',
  ],
  administrators: [
    'applyPolicy',
    'closeAccessReview',
    'createAccessReview',
    'createGroup',
    'createKeyType',
    'createLimit',
    'createPolicy',
    'createPrice',
    'createProvider',
    'createRule',
    'createUser',
    'createWebhook',
    'deleteGroup',
    'deleteKeyType',
    'deleteLimit',
    'deletePolicy',
    'deletePrice',
    'deleteProvider',
    'deleteRule',
    'deleteUser',
    'deleteWebhook',
    'discoverModels',
    'expireAll',
    'importPrices',
    'redeliver',
    'resetPassword',
    'setDefaultLimits',
    'testMail',
    'testProvider',
    'testWebhook',
    'undoEmergency',
    'updateGovernanceSettings',
    'updateGroup',
    'updateInstallationSettings',
    'updateLimit',
    'updateMailSettings',
    'updatePolicy',
    'updatePrice',
    'updateProvider',
    'updateRule',
    'updateUser',
    'updateWebhook',
  ],
} as const

type Field = GraphQLField<unknown, unknown>
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {})
const find = (name: string): Field => {
  const field = mutations.find((candidate) => candidate.name === name)
  if (!field) throw new Error(`${name} is in the table and not in the schema`)
  return field
}

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const auditor = await world.person('AUDITOR')
const user = await world.person()
const provider = await world.provider()
const { row: foreignKey } = await createApiKey(administrator, { name: 'Not yours', providerId: provider.id })

/** The smallest value that passes the type: whoever is let in gets further than the scope. */
function valueFor(type: GraphQLInputType, id: string): unknown {
  if (isNonNullType(type)) return valueFor(type.ofType, id)
  if (isListType(type)) return [valueFor(type.ofType, id)]
  if (isEnumType(type)) return type.getValues()[0]?.name
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type))
    return Object.fromEntries(required.map((field) => [field.name, valueFor(field.type, id)]))
  }
  const scalars: Readonly<Record<string, unknown>> = {
    ID: id,
    Int: 1,
    Boolean: false,
    DateTime: '2027-01-01T00:00:00.000Z',
    BigInt: '1',
  }
  return scalars[type.name] ?? 'anything'
}

/** `FORBIDDEN` or `UNAUTHENTICATED` from a scope; otherwise the name of the result. */
async function call(viewer: Viewer | null, { name, args }: Field, id: string = foreignKey.id): Promise<string> {
  const [input] = args
  const source = `mutation ($input: ${String(input?.type)}) { ${name}(input: $input) { __typename } }`
  const contextValue = {
    parts: world.parts,
    viewer,
    origin: user.origin,
    confirmations: [],
    session: { start: () => undefined, end: () => undefined },
  }
  const variableValues = { input: input && valueFor(input.type, id) }
  const { data, errors } = await graphql({ schema, source, contextValue, variableValues })
  const { [name]: result } = data ?? {}
  return String(errors?.[0]?.extensions['code'] ?? errors?.[0]?.message ?? Object(result).__typename)
}

const readOnly = (viewer: Viewer): Viewer => ({ ...viewer, via: 'access_token', scopes: ['READ'] })
const without = (who: keyof typeof WHO) => mutations.filter(({ name }) => !WHO[who].some((member) => member === name))
const cases = (names: readonly string[]) => names.map((name) => [name, find(name)] as const)

test('every mutation stands in the table, once', () => {
  expect(Object.values(WHO).flat().toSorted()).toEqual(mutations.map(({ name }) => name).toSorted())
})

test.each(cases(without('anybody').map(({ name }) => name)))('%s is not for nobody', async (_name, field) => {
  expect(await call(null, field)).toBe('UNAUTHENTICATED')
})

test.each(cases(without('anybody').map(({ name }) => name)))(
  '%s is not for a token that only reads',
  async (_name, field) => {
    expect(await call(readOnly(administrator.viewer), field)).toBe('FORBIDDEN')
  },
)

test.each(cases(WHO.administrators))('%s is for administrators only', async (_name, field) => {
  expect(await call(user.viewer, field)).toBe('FORBIDDEN')
  expect(await call(auditor.viewer, field)).toBe('FORBIDDEN')
})

test.each(cases(WHO.keyHolders))('%s is not for auditors', async (_name, field) => {
  expect(await call(auditor.viewer, field)).toBe('FORBIDDEN')
})

test.each(cases(WHO.keyHolders.filter((name) => name !== 'createApiKey')))(
  '%s does not find what belongs to somebody else, and changes nothing',
  async (_name, field) => {
    const before = await world.db.prisma.auditHead.findUniqueOrThrow({ where: { id: 1 } })
    expect(await call(user.viewer, field)).toBe('NotFound')
    expect(await world.db.prisma.auditHead.findUniqueOrThrow({ where: { id: 1 } })).toEqual(before)
  },
)

test('an id that cannot be one is not found either', async () => {
  for (const name of WHO.keyHolders) {
    if (name !== 'createApiKey') expect(await call(user.viewer, find(name), "' OR 1=1 --")).toBe('NotFound')
  }
})
