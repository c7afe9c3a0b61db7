import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { problem } from '../graphql/problems.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import type { KeyWithSecret } from './idempotent.service.ts'
import { IdempotencyKeyReused, KeyDeleted, KeyExpired } from './key.ts'
import { KeyPending } from './key-request.ts'
import { ApiKey } from './keys.graphql.ts'
import type { ApiKeyRow } from './keys.store.ts'
import { endOverlap, rotateApiKey } from './rotate-key.service.ts'
import { AlreadyRotating } from './rotation.ts'

builder.objectType(AlreadyRotating, {
  name: 'AlreadyRotating',
  ...problem('Two secrets of the key work already; the overlap has to end first.'),
})

const scopes = { signedIn: true, write: true, editor: true } as const

const OverlapEnum = builder.enumType('RotationOverlap', {
  description: 'How long the old secret of a rotated key works beside the new one.',
  values: {
    NOW: { description: 'Not at all: the old secret ends before the rotation answers.' },
    ONE_HOUR: { description: 'One hour.' },
    ONE_DAY: { description: '24 hours.' },
    SEVEN_DAYS: { description: '7 times 24 hours.' },
    THIRTY_DAYS: { description: '30 times 24 hours.' },
    UNTIL_ENDED: { description: 'Until `endOverlap`.' },
  },
})

const RotateApiKeyInput = builder.inputType('RotateApiKeyInput', {
  description: 'Names a key and how its old secret ends.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The key.' }),
    overlap: t.field({ type: OverlapEnum, required: true, description: 'How long the old secret still works.' }),
    idempotencyKey: t.string({ description: 'Repeating a call with the same one makes no second secret.' }),
  }),
})

const RotateApiKeySuccess = builder.objectRef<KeyWithSecret>('RotateApiKeySuccess').implement({
  description: 'The key has a new secret; the old one works until the overlap ends.',
  fields: (t) => ({
    apiKey: t.field({ type: ApiKey, description: 'The key, ROTATING while both work.', resolve: ({ row }) => row }),
    secret: t.exposeString('secret', {
      nullable: true,
      description:
        'The whole new key, in this answer and never again. Null when the idempotency key was used before: if that ' +
        'answer was lost, nobody knows the new secret: `endOverlap` with `keep: OLD` takes the rotation back.',
    }),
  }),
})

builder.mutationField('rotateApiKey', (t) =>
  t.field({
    type: RotateApiKeySuccess,
    description: 'Gives a key a new secret and shows it, once. Id, name, owner, limits and history stay.',
    authScopes: scopes,
    args: { input: t.arg({ type: RotateApiKeyInput, required: true, description: 'The key and the overlap.' }) },
    errors: result('rotateApiKey', [
      NotFound,
      KeyDeleted,
      KeyExpired,
      KeyPending,
      AlreadyRotating,
      IdempotencyKeyReused,
    ]),
    resolve: (_root, { input }, context) => rotateApiKey(signedIn(context), input),
  }),
)

const KeptSecretEnum = builder.enumType('KeptSecret', {
  description: 'Which of the two secrets of a rotating key stays.',
  values: { NEW: { description: 'The new one.' }, OLD: { description: 'The old one: the rotation is taken back.' } },
})

const EndOverlapInput = builder.inputType('EndOverlapInput', {
  description: 'Names a rotating key.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The key.' }),
    keep: t.field({ type: KeptSecretEnum, description: 'Which secret stays. Default: NEW.' }),
  }),
})

const EndOverlapSuccess = builder.objectRef<ApiKeyRow>('EndOverlapSuccess').implement({
  description: 'Only one secret of the key works.',
  fields: (t) => ({
    apiKey: t.field({ type: ApiKey, description: 'The key as it is now.', resolve: (key) => key }),
  }),
})

builder.mutationField('endOverlap', (t) =>
  t.field({
    type: EndOverlapSuccess,
    description: 'Ends one secret of a rotating key at once, before this answers. Repeating it changes nothing.',
    authScopes: scopes,
    args: { input: t.arg({ type: EndOverlapInput, required: true, description: 'The key.' }) },
    errors: result('endOverlap', [NotFound]),
    resolve: (_root, { input }, context) => endOverlap(signedIn(context), input.id, input.keep ?? 'NEW'),
  }),
)
