import { builder } from '../graphql/builder.ts'
import { named } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { idInput } from '../graphql/input.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import { noticeKindSchema, titleOf } from '../users/notice.ts'
import { NoticeKindEnum } from '../users/notices.graphql.ts'
import { toNotice } from '../users/notices.store.ts'
import {
  createWebhook,
  deleteWebhook,
  listDeliveries,
  listWebhooks,
  redeliver,
  testWebhook,
  updateWebhook,
} from './deliveries.service.ts'
import type { DeliveryRow, WebhookRow } from './deliveries.store.ts'

const Webhook = builder.objectRef<WebhookRow>('Webhook').implement({
  description: 'An address of the organisation that is told, signed as Standard Webhooks says.',
  authScopes: { reader: true },
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    url: t.exposeString('url', { description: 'Where notices are posted.' }),
    kinds: t.field({
      type: [NoticeKindEnum],
      description: 'Only these; empty: all.',
      resolve: ({ kinds }) => kinds.map((kind) => noticeKindSchema.parse(kind)),
    }),
    enabled: t.exposeBoolean('enabled', { description: 'False: it is not told.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
})

const DeliveryStatusEnum = builder.enumType('DeliveryStatus', {
  description: 'How a delivery stands.',
  values: {
    WAITING: { description: 'It is tried, or tried again later.' },
    DELIVERED: { description: 'The other side took it.' },
    FAILED: { description: 'It was tried for about two days, in vain.' },
  },
})

const Delivery = builder.objectRef<DeliveryRow>('Delivery').implement({
  description: 'One notice on its way to a mailbox or a webhook. For administrators and auditors.',
  authScopes: { reader: true },
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id; a webhook gets it as `webhook-id` with every attempt.' }),
    kind: t.field({
      type: NoticeKindEnum,
      description: 'What about.',
      resolve: ({ notice }) => noticeKindSchema.parse(notice.kind),
    }),
    title: t.string({ description: 'What is told.', resolve: ({ notice }) => titleOf(toNotice(notice)) }),
    webhookUrl: t.string({
      nullable: true,
      description: 'Where to; null: by mail.',
      resolve: ({ webhook }) => webhook?.url ?? null,
    }),
    recipientName: t.string({
      nullable: true,
      description: 'Whom by mail; null: a webhook.',
      resolve: ({ webhookId, notice }) => (webhookId === null ? notice.user.displayName : null),
    }),
    status: t.expose('status', { type: DeliveryStatusEnum, description: 'How it stands.' }),
    attempts: t.exposeInt('attempts', { description: 'How often it was tried.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    nextAttemptAt: t.expose('nextAttemptAt', { type: 'DateTime', description: 'When it is tried again, if it waits.' }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null: it waits.',
    }),
    responseStatus: t.exposeInt('responseStatus', {
      nullable: true,
      description: 'What a webhook answered last; null: nothing.',
    }),
    lastError: t.exposeString('lastError', { nullable: true, description: 'What went wrong last; null: nothing.' }),
  }),
})

const DeliveryFilter = builder.inputType('DeliveryFilter', {
  description: 'Narrows the delivery log; what is given must all hold.',
  fields: (t) => ({
    webhookId: t.id({ description: 'Only to this webhook.' }),
    status: t.field({ type: DeliveryStatusEnum, description: 'Only those that stand so.' }),
  }),
})

builder.queryFields((t) => ({
  webhooks: t.connection(
    {
      type: Webhook,
      description: 'The webhooks, the newest first. For administrators and auditors.',
      authScopes: { reader: true },
      resolve: (_root, page, context) => listWebhooks(signedIn(context), page),
    },
    ...named('Webhook'),
  ),
  deliveries: t.connection(
    {
      type: Delivery,
      description: 'What was sent by mail and to webhooks, the newest first. For administrators and auditors.',
      authScopes: { reader: true },
      args: { filter: t.arg({ type: DeliveryFilter, description: 'Only these.' }) },
      resolve: (_root, { filter, ...page }, context) => {
        const { webhookId = null, status = null } = filter ?? {}
        return listDeliveries(signedIn(context), page, { webhookId, status })
      },
    },
    ...named('Delivery'),
  ),
}))

const scopes = { signedIn: true, write: true, administrator: true } as const

const CreateWebhookInput = builder.inputType('CreateWebhookInput', {
  description: 'An address that is to be told.',
  fields: (t) => ({
    url: t.string({ required: true, description: 'Where notices are posted; public addresses need https.' }),
    kinds: t.field({ type: [NoticeKindEnum], description: 'Only these; left out or empty: all.' }),
    enabled: t.boolean({ description: 'Default: true.' }),
  }),
})

const CreateWebhookSuccess = builder
  .objectRef<{ webhook: WebhookRow; secret: string }>('CreateWebhookSuccess')
  .implement({
    description: 'The address is told from now on.',
    fields: (t) => ({
      webhook: t.field({ type: Webhook, description: 'The webhook.', resolve: ({ webhook }) => webhook }),
      secret: t.exposeString('secret', { description: 'The signing secret, in this answer and never again.' }),
    }),
  })

builder.mutationField('createWebhook', (t) =>
  t.field({
    type: CreateWebhookSuccess,
    description: 'Adds a webhook and shows its signing secret, once.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreateWebhookInput, required: true, description: 'The webhook.' }) },
    errors: result('createWebhook', []),
    resolve: (_root, { input: { url, kinds, enabled } }, context) =>
      createWebhook(signedIn(context), { url, kinds: kinds ?? [], enabled: enabled ?? true }),
  }),
)

const UpdateWebhookInput = builder.inputType('UpdateWebhookInput', {
  description: 'What to change about a webhook. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The webhook.' }),
    url: t.string({ description: 'Where notices are posted.' }),
    kinds: t.field({ type: [NoticeKindEnum], description: 'Only these; empty: all.' }),
    enabled: t.boolean({ description: 'False: it is not told.' }),
  }),
})

const UpdateWebhookSuccess = builder.objectRef<WebhookRow>('UpdateWebhookSuccess').implement({
  description: 'The webhook is as the input says.',
  fields: (t) => ({
    webhook: t.field({ type: Webhook, description: 'The webhook.', resolve: (webhook) => webhook }),
  }),
})

builder.mutationField('updateWebhook', (t) =>
  t.field({
    type: UpdateWebhookSuccess,
    description: 'Changes a webhook; its secret stays.',
    authScopes: scopes,
    args: { input: t.arg({ type: UpdateWebhookInput, required: true, description: 'The changes.' }) },
    errors: result('updateWebhook', [NotFound]),
    resolve: (_root, { input }, context) => updateWebhook(signedIn(context), input),
  }),
)

const DeleteWebhookSuccess = builder.objectRef<{ id: string }>('DeleteWebhookSuccess').implement({
  description: 'The address is not told any more.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'The webhook that was.' }) }),
})

builder.mutationField('deleteWebhook', (t) =>
  t.field({
    type: DeleteWebhookSuccess,
    description: 'Removes a webhook and its deliveries.',
    authScopes: scopes,
    args: {
      input: t.arg({ type: idInput('DeleteWebhookInput', 'webhook'), required: true, description: 'The webhook.' }),
    },
    errors: result('deleteWebhook', [NotFound]),
    resolve: (_root, { input }, context) => deleteWebhook(signedIn(context), input.id),
  }),
)

const attempt = (name: string, description: string) =>
  builder.objectRef<DeliveryRow>(name).implement({
    description,
    fields: (t) => ({
      delivery: t.field({ type: Delivery, description: 'How it stands now.', resolve: (delivery) => delivery }),
    }),
  })

builder.mutationField('testWebhook', (t) =>
  t.field({
    type: attempt('TestWebhookSuccess', 'A test was sent; the delivery says what came of it.'),
    description: 'Sends a signed test to one webhook, before this answers.',
    authScopes: scopes,
    args: {
      input: t.arg({ type: idInput('TestWebhookInput', 'webhook'), required: true, description: 'The webhook.' }),
    },
    errors: result('testWebhook', [NotFound]),
    resolve: (_root, { input }, context) => testWebhook(signedIn(context), input.id),
  }),
)

builder.mutationField('redeliver', (t) =>
  t.field({
    type: attempt('RedeliverSuccess', 'It was tried once more.'),
    description: 'Sends a delivery once more, before this answers.',
    authScopes: scopes,
    args: {
      input: t.arg({ type: idInput('RedeliverInput', 'delivery'), required: true, description: 'The delivery.' }),
    },
    errors: result('redeliver', [NotFound]),
    resolve: (_root, { input }, context) => redeliver(signedIn(context), input.id),
  }),
)
