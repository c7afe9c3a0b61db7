import { builder } from '../graphql/builder.ts'
import { problem } from '../graphql/problems.ts'
import { OwnRequest, RequestClosed, requestStatus, SecretClaimed } from '../keys/key-request.ts'
import type { KeyRequestRow } from '../keys/key-requests.store.ts'
import { KeyField, toFieldValues } from '../keys/policies.graphql.ts'
import { EndpointEnum } from '../keys/restriction.graphql.ts'

builder.objectType(RequestClosed, {
  name: 'RequestClosed',
  ...problem('The request has been answered, withdrawn, or is too old.'),
})
builder.objectType(OwnRequest, { name: 'OwnRequest', ...problem('Nobody answers their own request.') })
builder.objectType(SecretClaimed, { name: 'SecretClaimed', ...problem('The secret was shown before, or replaced.') })

export const KeyRequestStatusEnum = builder.enumType('KeyRequestStatus', {
  description: 'What came of a request.',
  values: {
    PENDING: { description: 'Nobody has answered it.' },
    APPROVED: { description: 'The key may be used; its requester claims the secret.' },
    DECLINED: { description: 'Somebody said no, and why.' },
    WITHDRAWN: { description: 'It was taken back.' },
    EXPIRED: { description: 'Nobody answered in time.' },
  },
})

export const KeyRequest = builder.objectRef<KeyRequestRow>('KeyRequest').implement({
  description: 'Somebody asks for a key whose type needs approval. Visible to them, to approvers and to auditors.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    status: t.field({
      type: KeyRequestStatusEnum,
      description: 'What came of it.',
      resolve: (row, _args, { parts }) => requestStatus(row, parts.clock.now()),
    }),
    keyId: t.exposeID('keyId', { description: 'The key, PENDING until the approval.' }),
    keyName: t.string({ description: 'Its name.', resolve: ({ key }) => key.name }),
    keyType: t.string({ description: 'Its type.', resolve: ({ key }) => key.type }),
    purpose: t.string({
      nullable: true,
      description: 'What it is for; null: not said.',
      resolve: ({ key }) => key.purpose,
    }),
    application: t.string({
      nullable: true,
      description: 'What would use it; null: not said.',
      resolve: ({ key }) => key.application,
    }),
    environment: t.string({
      nullable: true,
      description: 'Where; null: not said.',
      resolve: ({ key }) => key.environment,
    }),
    fields: t.field({
      type: [KeyField],
      description: 'Values of the own fields that its type has in this installation.',
      resolve: ({ key }) => toFieldValues(key.fields),
    }),
    providerName: t.string({ description: 'The provider it would open.', resolve: ({ key }) => key.provider.name }),
    models: t.stringList({ description: 'Only these models; empty: all.', resolve: ({ key }) => key.models }),
    addresses: t.stringList({
      description: 'Only from there; empty: from everywhere.',
      resolve: ({ key }) => key.addresses,
    }),
    endpoints: t.field({
      type: [EndpointEnum],
      description: 'Only these endpoints; empty: all.',
      resolve: ({ key }) => key.endpoints,
    }),
    keyExpiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the key would stop working; null: never. A default lifetime begins with the approval.',
      resolve: ({ key }) => key.expiresAt,
    }),
    ownerId: t.id({ description: 'Whose key it would be.', resolve: ({ key }) => key.owner.id }),
    ownerName: t.string({ description: 'What they are called.', resolve: ({ key }) => key.owner.displayName }),
    requesterId: t.exposeID('requesterId', { description: 'Who asks, and claims the secret.' }),
    requesterName: t.string({
      description: 'What they are called.',
      resolve: ({ requester }) => requester.displayName,
    }),
  }),
})

builder.objectFields(KeyRequest, (t) => ({
  createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When they asked.' }),
  expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it is too late to answer.' }),
  decidedAt: t.expose('decidedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When it was answered, withdrawn or expired; null: it is open.',
  }),
  decidedByName: t.string({
    nullable: true,
    description: 'Who answered or withdrew it; null: nobody.',
    resolve: ({ decidedBy }) => decidedBy?.displayName ?? null,
  }),
  comment: t.exposeString('comment', { nullable: true, description: 'What they said to it; null: nothing.' }),
  claimedAt: t.expose('claimedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the requester was shown the secret; null: not yet.',
  }),
}))
