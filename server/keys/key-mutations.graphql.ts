import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { type InputFields, idInput } from '../graphql/input.ts'
import { problem } from '../graphql/problems.ts'
import { result } from '../graphql/result.ts'
import { NameTaken, NotFound } from '../lib/problems.ts'
import { createApiKey } from './create-key.service.ts'
import { IdempotencyKeyReused, KeyDeleted, KeyExpired, RestoreWindowClosed } from './key.ts'
import { KeyPending } from './key-request.ts'
import { ApiKey } from './keys.graphql.ts'
import { deleteApiKey, expireApiKey, expireApiKeys, restoreApiKey, updateApiKey } from './keys.service.ts'
import type { ApiKeyRow } from './keys.store.ts'
import { TooManyKeys } from './policy-check.ts'
import { POLICY_PROBLEMS } from './policy-problems.graphql.ts'
import { restrictionInputs } from './restriction.graphql.ts'

builder.objectType(KeyDeleted, { name: 'KeyDeleted', ...problem('The key is deleted; it has to be restored first.') })
builder.objectType(KeyExpired, { name: 'KeyExpired', ...problem('The key has expired and stays expired.') })
builder.objectType(KeyPending, {
  name: 'KeyPending',
  ...problem('The key waits for approval; until then it stays as it is.'),
})
builder.objectType(RestoreWindowClosed, {
  name: 'RestoreWindowClosed',
  ...problem('The 30 days in which a deleted key can be restored are over.'),
})
builder.objectType(IdempotencyKeyReused, {
  name: 'IdempotencyKeyReused',
  ...problem('The idempotency key was used before with another input.'),
})

/** Administrators change every key, users their own; auditors only read. */
const scopes = { signedIn: true, write: true, editor: true } as const

const KeyFieldInput = builder.inputType('KeyFieldInput', {
  description: 'A value of an own field.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The field, as the policy of the key type has it.' }),
    value: t.string({ description: 'Up to 200 characters. Empty or null: no value.' }),
  }),
})

/** What is said of a key when it is made, and may be changed later. */
const details = (t: InputFields) => ({
  purpose: t.string({ description: 'What it is for, up to 500 characters. Empty or null: not said.' }),
  application: t.string({ description: 'What uses it, up to 100 characters. Empty or null: not said.' }),
  environment: t.string({ description: 'Where it is used, up to 100 characters. Empty or null: not said.' }),
  fields: t.field({
    type: [KeyFieldInput],
    description: 'Own fields that the policy of its type has. One that is not named stays as it is.',
  }),
  models: t.stringList(restrictionInputs.models),
  addresses: t.stringList(restrictionInputs.addresses),
  endpoints: t.field(restrictionInputs.endpoints),
  cacheSeconds: t.int({
    description:
      'For how many seconds (up to a week) the answer to exactly the same body is given again to the same owner, without asking the ' +
      'provider. Null: never, unless a rule says so. Default: null.',
  }),
})

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A new key.',
  fields: (t) => ({
    name: t.string({ required: true, description: "3 to 64 characters, unique among the owner's keys." }),
    providerId: t.id({ required: true, description: 'The provider it opens.' }),
    ownerId: t.id({ description: 'Who it is for; only administrators may name somebody else. Default: yourself.' }),
    type: t.string({ description: 'One of `keyTypes`. Default: Development.' }),
    ...details(t),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When it stops working. Left out: the default lifetime of its type (30, 90 or 7 days). Null: never.',
    }),
    idempotencyKey: t.string({
      description: 'Repeating a call with the same one makes no second key and no second secret.',
    }),
  }),
})

const CreateApiKeySuccess = builder
  .objectRef<{ row: ApiKeyRow; secret: string | null }>('CreateApiKeySuccess')
  .implement({
    description: 'The key was made.',
    fields: (t) => ({
      apiKey: t.field({ type: ApiKey, description: 'The key.', resolve: ({ row }) => row }),
      secret: t.exposeString('secret', {
        nullable: true,
        description:
          'The whole key, in this answer and never again. Null when the idempotency key was used before, and when the ' +
          'key waits for approval: `claimApiKeySecret` shows it then.',
      }),
    }),
  })

builder.mutationField('createApiKey', (t) =>
  t.field({
    type: CreateApiKeySuccess,
    description: 'Makes a key and shows its secret, once.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'The new key.' }) },
    errors: result('createApiKey', [NameTaken, NotFound, IdempotencyKeyReused, ...POLICY_PROBLEMS]),
    resolve: (_root, { input }, context) => createApiKey(signedIn(context), input),
  }),
)

const UpdateApiKeyInput = builder.inputType('UpdateApiKeyInput', {
  description: 'What to change about a key. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The key.' }),
    name: t.string({ description: "3 to 64 characters, unique among the owner's keys." }),
    type: t.string({ description: 'One of `keyTypes`.' }),
    ...details(t),
    expiresAt: t.field({ type: 'DateTime', description: 'When it stops working, in the future. Null: never.' }),
  }),
})

/** Every verb on one key answers the key. */
const successOf = (name: string, description: string) =>
  builder.objectRef<ApiKeyRow>(name).implement({
    description,
    fields: (t) => ({
      apiKey: t.field({ type: ApiKey, description: 'The key as it is now.', resolve: (key) => key }),
    }),
  })

builder.mutationField('updateApiKey', (t) =>
  t.field({
    type: successOf('UpdateApiKeySuccess', 'The key is as the input says.'),
    description: "Changes a key's own values. Its owner, provider and secret stay.",
    authScopes: scopes,
    args: { input: t.arg({ type: UpdateApiKeyInput, required: true, description: 'The changes.' }) },
    errors: result('updateApiKey', [NotFound, NameTaken, KeyDeleted, KeyExpired, KeyPending, ...POLICY_PROBLEMS]),
    resolve: (_root, { input }, context) => updateApiKey(signedIn(context), input),
  }),
)

builder.mutationField('expireApiKey', (t) =>
  t.field({
    type: successOf('ExpireApiKeySuccess', 'The key no longer works, anywhere.'),
    description: 'Ends a key at once, before this answers. Its record stays.',
    authScopes: scopes,
    args: { input: t.arg({ type: idInput('ExpireApiKeyInput', 'key'), required: true, description: 'The key.' }) },
    errors: result('expireApiKey', [NotFound, KeyDeleted]),
    resolve: (_root, { input }, context) => expireApiKey(signedIn(context), input.id),
  }),
)

builder.mutationField('deleteApiKey', (t) =>
  t.field({
    type: successOf('DeleteApiKeySuccess', 'The key no longer works, and is hidden.'),
    description: 'Ends and hides a key. It can be restored for 30 days.',
    authScopes: scopes,
    args: { input: t.arg({ type: idInput('DeleteApiKeyInput', 'key'), required: true, description: 'The key.' }) },
    errors: result('deleteApiKey', [NotFound]),
    resolve: (_root, { input }, context) => deleteApiKey(signedIn(context), input.id),
  }),
)

builder.mutationField('restoreApiKey', (t) =>
  t.field({
    type: successOf('RestoreApiKeySuccess', 'The key is what it was before it was deleted.'),
    description: 'Takes the deletion of a key back.',
    authScopes: scopes,
    args: { input: t.arg({ type: idInput('RestoreApiKeyInput', 'key'), required: true, description: 'The key.' }) },
    errors: result('restoreApiKey', [NotFound, NameTaken, RestoreWindowClosed, KeyPending, TooManyKeys]),
    resolve: (_root, { input }, context) => restoreApiKey(signedIn(context), input.id),
  }),
)

const ExpireApiKeysInput = builder.inputType('ExpireApiKeysInput', {
  description: 'Names keys.',
  fields: (t) => ({ ids: t.idList({ required: true, description: '1 to 1000 keys.' }) }),
})

const ExpireApiKeysSuccess = builder
  .objectRef<{ rows: ApiKeyRow[]; expiredCount: number }>('ExpireApiKeysSuccess')
  .implement({
    description: 'None of the keys works any more.',
    fields: (t) => ({
      apiKeys: t.field({ type: [ApiKey], description: 'The keys as they are now.', resolve: ({ rows }) => rows }),
      expiredCount: t.exposeInt('expiredCount', { description: 'How many of them still worked before.' }),
    }),
  })

builder.mutationField('expireApiKeys', (t) =>
  t.field({
    type: ExpireApiKeysSuccess,
    description: 'Ends many keys at once: all of them, or none when one is not yours.',
    authScopes: scopes,
    args: { input: t.arg({ type: ExpireApiKeysInput, required: true, description: 'The keys.' }) },
    errors: result('expireApiKeys', [NotFound]),
    resolve: (_root, { input }, context) => expireApiKeys(signedIn(context), input.ids),
  }),
)
