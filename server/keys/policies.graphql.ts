import { builder } from '../graphql/builder.ts'
import { named, orderInput } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { idInput } from '../graphql/input.ts'
import { result } from '../graphql/result.ts'
import { NameTaken, NotFound } from '../lib/problems.ts'
import { ApiKey } from './keys.graphql.ts'
import {
  createKeyType,
  createPolicy,
  deleteKeyType,
  deletePolicy,
  findPolicyOf,
  listPolicies,
  updatePolicy,
} from './policies.service.ts'
import { type Policy as PolicyNoun, storedFieldsSchema } from './policy.ts'
import { KeyTypeInUse } from './policy-check.ts'
import { Policy, PolicyRulesInput } from './policy-type.graphql.ts'

export const KeyField = builder.objectRef<{ name: string; value: string }>('KeyField').implement({
  description: 'A value of an own field of a key.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The field.' }),
    value: t.exposeString('value', { description: 'Its value.' }),
  }),
})

/** The stored values of own fields, one by one. */
export const toFieldValues = (stored: unknown) =>
  Object.entries(storedFieldsSchema.parse(stored)).map(([name, value]) => ({ name, value }))

builder.prismaObjectField(ApiKey, 'fields', (t) =>
  t.field({
    type: [KeyField],
    description: 'Values of the own fields that its type has in this installation.',
    select: { fields: true },
    resolve: (key) => toFieldValues(key.fields),
  }),
)

const PolicyOrder = orderInput('Policy', {
  KEY_TYPE: { description: 'The key type.' },
  CREATED_AT: { description: 'When it was made.' },
})

const PolicyFilter = builder.inputType('PolicyFilter', {
  description: 'Narrows a list of policies.',
  fields: (t) => ({ keyType: t.stringList({ description: 'Those of one of these key types.' }) }),
})

builder.queryFields((t) => ({
  policies: t.connection(
    {
      type: Policy,
      description: 'How keys are made, by key type. Everybody who makes keys may read the rules.',
      authScopes: { signedIn: true },
      args: {
        filter: t.arg({ type: PolicyFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: PolicyOrder, description: 'Default: by key type.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context) => {
        const order = orderBy ?? { field: 'KEY_TYPE', direction: 'ASC' }
        return listPolicies(signedIn(context), page, filter ?? {}, order)
      },
    },
    ...named('Policy'),
  ),
  policy: t.field({
    type: Policy,
    nullable: true,
    description: 'The rules of one key type; null: there are none.',
    authScopes: { signedIn: true },
    args: { keyType: t.arg.string({ description: 'The key type. Default: Development.' }) },
    resolve: (_root, { keyType }, context) => findPolicyOf(signedIn(context), keyType ?? 'Development'),
  }),
}))

const scopes = { signedIn: true, write: true, administrator: true } as const

const successOf = (name: string, description: string) =>
  builder.objectRef<PolicyNoun>(name).implement({
    description,
    fields: (t) => ({
      policy: t.field({ type: Policy, description: 'The policy.', resolve: (policy) => policy }),
    }),
  })

const CreatePolicyInput = builder.inputType('CreatePolicyInput', {
  description: 'Rules for a key type that has none.',
  fields: (t) => ({
    keyType: t.string({ required: true, description: 'One of `keyTypes`.' }),
    rules: t.field({ type: PolicyRulesInput, required: true, description: 'The rules; left out: no such rule.' }),
  }),
})

builder.mutationField('createPolicy', (t) =>
  t.field({
    type: successOf('CreatePolicySuccess', 'The key type has these rules.'),
    description: 'Gives a key type its rules. Keys that exist stay as they are; `previewPolicy` shows them.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreatePolicyInput, required: true, description: 'The key type and its rules.' }) },
    errors: result('createPolicy', [NameTaken]),
    resolve: (_root, { input: { keyType, rules } }, context) => createPolicy(signedIn(context), { ...rules, keyType }),
  }),
)

const UpdatePolicyInput = builder.inputType('UpdatePolicyInput', {
  description: 'What to change about a policy.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The policy.' }),
    rules: t.field({ type: PolicyRulesInput, required: true, description: 'The changes.' }),
  }),
})

builder.mutationField('updatePolicy', (t) =>
  t.field({
    type: successOf('UpdatePolicySuccess', 'The rules are as the input says.'),
    description: 'Changes rules for keys made or changed from now on; `previewPolicy` shows which others break them.',
    authScopes: scopes,
    args: { input: t.arg({ type: UpdatePolicyInput, required: true, description: 'The policy and the changes.' }) },
    errors: result('updatePolicy', [NotFound]),
    resolve: (_root, { input: { id, rules } }, context) => updatePolicy(signedIn(context), { ...rules, id }),
  }),
)

builder.mutationField('deletePolicy', (t) =>
  t.field({
    type: successOf('DeletePolicySuccess', 'Keys of this type follow no rules any more.'),
    description: 'Takes the rules of a key type away.',
    authScopes: scopes,
    args: {
      input: t.arg({ type: idInput('DeletePolicyInput', 'policy'), required: true, description: 'The policy.' }),
    },
    errors: result('deletePolicy', [NotFound]),
    resolve: (_root, { input }, context) => deletePolicy(signedIn(context), input.id),
  }),
)

const CreateKeyTypeInput = builder.inputType('CreateKeyTypeInput', {
  description: 'A key type of this installation.',
  fields: (t) => ({ name: t.string({ required: true, description: '3 to 64 characters, unique.' }) }),
})

const CreateKeyTypeSuccess = builder.objectRef<{ name: string }>('CreateKeyTypeSuccess').implement({
  description: 'Keys can be of this type.',
  fields: (t) => ({ name: t.exposeString('name', { description: 'Its name.' }) }),
})

builder.mutationField('createKeyType', (t) =>
  t.field({
    type: CreateKeyTypeSuccess,
    description: 'Adds a key type beside Development, Production and Emergency. It has no rules at first.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreateKeyTypeInput, required: true, description: 'The key type.' }) },
    errors: result('createKeyType', [NameTaken]),
    resolve: async (_root, { input }, context) => ({ name: await createKeyType(signedIn(context), input) }),
  }),
)

const DeleteKeyTypeInput = builder.inputType('DeleteKeyTypeInput', {
  description: 'Names a key type.',
  fields: (t) => ({ name: t.string({ required: true, description: 'One of `keyTypes`.' }) }),
})

const DeleteKeyTypeSuccess = builder.objectRef<{ name: string }>('DeleteKeyTypeSuccess').implement({
  description: 'Keys cannot be of this type any more.',
  fields: (t) => ({ name: t.exposeString('name', { description: 'Its name.' }) }),
})

builder.mutationField('deleteKeyType', (t) =>
  t.field({
    type: DeleteKeyTypeSuccess,
    description: 'Takes a key type away that this installation added and no key is of, and its policy.',
    authScopes: scopes,
    args: { input: t.arg({ type: DeleteKeyTypeInput, required: true, description: 'The key type.' }) },
    errors: result('deleteKeyType', [NotFound, KeyTypeInUse]),
    resolve: async (_root, { input }, context) => ({ name: await deleteKeyType(signedIn(context), input.name) }),
  }),
)
