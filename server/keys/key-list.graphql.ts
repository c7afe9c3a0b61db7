import { builder } from '../graphql/builder.ts'
import { orderInput } from '../graphql/connection.ts'

export const ApiKeyStatusEnum = builder.enumType('ApiKeyStatus', {
  description:
    'What a key is at this moment. The first that applies, in the order DELETED, EXPIRED, DISABLED, PENDING.',
  values: {
    ACTIVE: { description: 'It works.' },
    EXPIRING: { description: 'It works, and expires within 7 days.' },
    EXPIRED: { description: 'Its expiry has come.' },
    ROTATING: { description: 'It works with two secrets.' },
    PENDING: { description: 'It waits for approval.' },
    DISABLED: { description: 'Its owner or its provider is disabled.' },
    DELETED: { description: 'It was deleted, and can be restored for 30 days.' },
  },
})

export const ReviewStateEnum = builder.enumType('ReviewState', {
  description: 'What access reviews say of a key.',
  values: {
    NEVER: { description: 'None has asked about it, or none got an answer.' },
    OPEN: { description: 'One waits for an answer.' },
    KEPT: { description: 'It was kept.' },
    EXPIRED: { description: 'It was ended by one.' },
  },
})

const FieldValueFilter = builder.inputType('FieldValueFilter', {
  description: 'A value of an own field.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The field.' }),
    value: t.string({ required: true, description: 'Exactly this value.' }),
  }),
})

export const ApiKeyOrder = orderInput('ApiKey', {
  NAME: { description: 'The name.' },
  CREATED_AT: { description: 'When it was made.' },
  EXPIRES_AT: { description: 'When it stops working.' },
  LAST_USED_AT: { description: 'When it was last used.' },
})

export const ApiKeyFilter = builder.inputType('ApiKeyFilter', {
  description: 'Narrows a list of keys; what is given must all hold. It never widens what the viewer may see.',
  fields: (t) => ({
    search: t.string({
      description: 'Part of the name, purpose or application, or the beginning of a public id, from 3 characters on.',
    }),
    ownerId: t.id({ description: 'Keys of this owner.' }),
    creatorId: t.id({ description: 'Keys made by this person.' }),
    providerId: t.id({ description: 'Keys of this provider.' }),
    status: t.field({ type: [ApiKeyStatusEnum], description: 'Keys with one of these statuses.' }),
    type: t.stringList({ description: 'Keys of one of these types.' }),
    application: t.string({ description: 'Keys of exactly this application.' }),
    environment: t.string({ description: 'Keys of exactly this environment.' }),
    purpose: t.string({ description: 'Part of the purpose.' }),
    fields: t.field({ type: [FieldValueFilter], description: 'Keys with all of these values of own fields.' }),
    reviewState: t.field({ type: [ReviewStateEnum], description: 'Keys of which access reviews say one of these.' }),
    deleted: t.boolean({
      description: 'True: only deleted ones. False or null: only others, unless `status` has DELETED.',
    }),
    neverUsed: t.boolean({ description: 'True: only keys without a request.' }),
    idleSince: t.field({
      type: 'DateTime',
      description: 'Keys without a request at or after this instant, and made before it.',
    }),
    expiresBefore: t.field({ type: 'DateTime', description: 'Keys that expire before this instant.' }),
    expiresAfter: t.field({ type: 'DateTime', description: 'Keys that expire at or after this instant, or never.' }),
    createdAfter: t.field({ type: 'DateTime', description: 'Keys made at or after this instant.' }),
  }),
})
