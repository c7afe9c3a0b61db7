import { builder } from '../graphql/builder.ts'
import { named, orderInput } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { idInput } from '../graphql/input.ts'
import { result } from '../graphql/result.ts'
import type { KeyWithSecret } from '../keys/idempotent.service.ts'
import { IdempotencyKeyReused, KeyDeleted, KeyExpired } from '../keys/key.ts'
import { KeyPending, OwnRequest, RequestClosed, SecretClaimed } from '../keys/key-request.ts'
import type { KeyRequestRow } from '../keys/key-requests.store.ts'
import { ApiKey } from '../keys/keys.graphql.ts'
import { LifetimeTooLong } from '../keys/policy-check.ts'
import { EndpointEnum, restrictionInputs } from '../keys/restriction.graphql.ts'
import { NotFound } from '../lib/problems.ts'
import { KeyRequest, KeyRequestStatusEnum } from './key-request-type.graphql.ts'
import {
  approveKeyRequest,
  claimApiKeySecret,
  declineKeyRequest,
  listKeyRequests,
  withdrawKeyRequest,
} from './key-requests.service.ts'

const KeyRequestFilter = builder.inputType('KeyRequestFilter', {
  description: 'Narrows the requests; what is given must all hold.',
  fields: (t) => ({
    status: t.field({ type: [KeyRequestStatusEnum], description: 'Requests with one of these statuses.' }),
    mine: t.boolean({ description: 'True: only those you made, or for your keys.' }),
  }),
})

const KeyRequestOrder = orderInput('KeyRequest', { CREATED_AT: { description: 'When it was made.' } })

builder.queryField('keyRequests', (t) =>
  t.connection(
    {
      type: KeyRequest,
      description: 'Requests for keys: yours, those you may answer; for administrators and auditors all.',
      authScopes: { signedIn: true },
      args: {
        filter: t.arg({ type: KeyRequestFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: KeyRequestOrder, description: 'Default: the newest first.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context) => {
        const order = orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
        return listKeyRequests(signedIn(context), page, filter ?? {}, order)
      },
    },
    ...named('KeyRequest'),
  ),
)

/** Who may answer which request is the service's to say: a member of the approvers' group is an ordinary user. */
const scopes = { signedIn: true, write: true, editor: true } as const

const successOf = (name: string, description: string) =>
  builder.objectRef<{ request: KeyRequestRow }>(name).implement({
    description,
    fields: (t) => ({
      request: t.field({
        type: KeyRequest,
        description: 'The request as it is now.',
        resolve: ({ request }) => request,
      }),
    }),
  })

const ApproveKeyRequestInput = builder.inputType('ApproveKeyRequestInput', {
  description: 'A request, and what to change about its key. What is left out stays as it was asked for.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The request.' }),
    comment: t.string({ description: 'What to tell the requester, up to 500 characters.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When the key stops working instead. Null: never.' }),
    models: t.stringList(restrictionInputs.models),
    addresses: t.stringList(restrictionInputs.addresses),
    endpoints: t.field({ type: [EndpointEnum], description: 'Only these endpoints instead. Empty: all.' }),
  }),
})

builder.mutationField('approveKeyRequest', (t) =>
  t.field({
    type: successOf('ApproveKeyRequestSuccess', 'The key may be used; its requester can claim the secret.'),
    description: 'Approves a request, as asked or with changes. For administrators and the approvers of the policy.',
    authScopes: scopes,
    args: { input: t.arg({ type: ApproveKeyRequestInput, required: true, description: 'The request.' }) },
    errors: result('approveKeyRequest', [NotFound, RequestClosed, OwnRequest, KeyExpired, LifetimeTooLong]),
    resolve: (_root, { input }, context) => approveKeyRequest(signedIn(context), input),
  }),
)

const DeclineKeyRequestInput = builder.inputType('DeclineKeyRequestInput', {
  description: 'A request, and why not.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The request.' }),
    comment: t.string({ required: true, description: 'The reason, 1 to 500 characters.' }),
  }),
})

builder.mutationField('declineKeyRequest', (t) =>
  t.field({
    type: successOf('DeclineKeyRequestSuccess', 'There will be no such key; its name is free.'),
    description: 'Says no to a request, with a reason. For administrators and the approvers of the policy.',
    authScopes: scopes,
    args: {
      input: t.arg({ type: DeclineKeyRequestInput, required: true, description: 'The request and the reason.' }),
    },
    errors: result('declineKeyRequest', [NotFound, RequestClosed, OwnRequest]),
    resolve: (_root, { input }, context) => declineKeyRequest(signedIn(context), input),
  }),
)

builder.mutationField('withdrawKeyRequest', (t) =>
  t.field({
    type: successOf('WithdrawKeyRequestSuccess', 'Nothing is asked for any more; the name is free.'),
    description: 'Takes a request of yours back.',
    authScopes: scopes,
    args: {
      input: t.arg({
        type: idInput('WithdrawKeyRequestInput', 'request'),
        required: true,
        description: 'The request.',
      }),
    },
    errors: result('withdrawKeyRequest', [NotFound, RequestClosed]),
    resolve: (_root, { input }, context) => withdrawKeyRequest(signedIn(context), input.id),
  }),
)

const ClaimApiKeySecretInput = builder.inputType('ClaimApiKeySecretInput', {
  description: 'Names an approved request.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The request.' }),
    idempotencyKey: t.string({ description: 'Repeating a call with the same one makes no second secret.' }),
  }),
})

const ClaimApiKeySecretSuccess = builder.objectRef<KeyWithSecret>('ClaimApiKeySecretSuccess').implement({
  description: 'The key has its secret.',
  fields: (t) => ({
    apiKey: t.field({
      type: ApiKey,
      nullable: true,
      description: 'The key; null: it is not yours.',
      resolve: ({ row }) => row,
    }),
    secret: t.exposeString('secret', {
      nullable: true,
      description: 'The whole key, in this answer and never again. Null when the idempotency key was used before.',
    }),
  }),
})

builder.mutationField('claimApiKeySecret', (t) =>
  t.field({
    type: ClaimApiKeySecretSuccess,
    description: 'Makes and shows the secret of an approved key, once, to who asked for the key.',
    authScopes: scopes,
    args: { input: t.arg({ type: ClaimApiKeySecretInput, required: true, description: 'The request.' }) },
    errors: result('claimApiKeySecret', [
      NotFound,
      KeyPending,
      RequestClosed,
      SecretClaimed,
      KeyExpired,
      KeyDeleted,
      IdempotencyKeyReused,
    ]),
    resolve: (_root, { input }, context) => claimApiKeySecret(signedIn(context), input),
  }),
)
