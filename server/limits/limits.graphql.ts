import DataLoader from 'dataloader'
import { builder } from '../graphql/builder.ts'
import { named, nodesQuery, orderInput } from '../graphql/connection.ts'
import { type Context, signedIn } from '../graphql/context.ts'
import { forReaders } from '../graphql/for-readers.ts'
import { ApiKey } from '../keys/keys.graphql.ts'
import type { Limit as Row } from './limit.ts'
import { findLimit, listLimits } from './limits.service.ts'
import { listKeyLimits, type Meter, readMeters } from './meters.service.ts'

export const LimitTarget = builder.enumType('LimitTarget', {
  description: 'Whose requests a limit counts.',
  values: {
    KEY: { description: 'Those with one key.' },
    USER: { description: 'Those with the keys of one user.' },
    GROUP: { description: 'Those with the keys of the members of one group, together.' },
    PROVIDER: { description: 'Those to one provider.' },
    MODEL: { description: 'Those for the models that a name or glob matches, together.' },
    EVERYTHING: { description: 'All.' },
  },
})

export const LimitMetric = builder.enumType('LimitMetric', {
  description: 'What a limit counts.',
  values: {
    REQUESTS: { description: 'Requests that were let through to a provider.' },
    TOKENS: {
      description: 'Tokens asked and answered. The most a request can take is reserved while it is under way.',
    },
    CONCURRENCY: { description: 'Requests at once.' },
    MONEY: { description: "Millionths of the installation's currency, by the prices. Reserved like tokens." },
  },
})

export const LimitPeriod = builder.enumType('LimitPeriod', {
  description: 'After how long a limit starts anew.',
  values: {
    MINUTE: { description: 'A minute, from the first request on.' },
    HOUR: { description: 'An hour, from the first request on.' },
    DAY: { description: 'The calendar day in the time zone of the installation.' },
    WEEK: { description: 'The calendar week, from Monday, in the time zone of the installation.' },
    MONTH: { description: 'The calendar month in the time zone of the installation.' },
    TOTAL: { description: 'Never.' },
  },
})

const meters = new WeakMap<Context, DataLoader<Row, Meter>>()

/** One question for all limits of an answer. */
function meterOf(limit: Row, context: Context): Promise<Meter> {
  const known = meters.get(context)
  const loader = known ?? new DataLoader((limits: readonly Row[]) => readMeters(context, limits))
  if (!known) meters.set(context, loader)
  return loader.load(limit)
}

// The owner of a key sees the limits that concern it, but not whom else they are about.
export const Limit = builder.prismaObject('Limit', {
  description: 'How much of something may be used. Of several that concern a request, each must have room.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    name: t.exposeString('name', forReaders('What people call it; null: it has no name.')),
    target: t.expose('target', { type: LimitTarget, description: 'Whose requests it counts.' }),
    key: t.relation('key', forReaders('The key, for `KEY`.')),
    user: t.relation('user', forReaders('The user, for `USER`.')),
    group: t.relation('group', forReaders('The group, for `GROUP`.')),
    provider: t.relation('provider', forReaders('The provider, for `PROVIDER`.')),
    modelPattern: t.exposeString('modelPattern', {
      nullable: true,
      description: 'The name or glob of models, for `MODEL`; `*` stands for any characters.',
    }),
    metric: t.expose('metric', { type: LimitMetric, description: 'What it counts.' }),
    period: t.expose('period', {
      type: LimitPeriod,
      nullable: true,
      description: 'After how long it starts anew; null for requests at once.',
    }),
    amount: t.expose('amount', { type: 'BigInt', description: 'How much is allowed. Money: millionths.' }),
    raisedAmount: t.expose('raisedAmount', {
      type: 'BigInt',
      nullable: true,
      description: 'What is allowed instead until `raisedUntil`; null: it was not raised.',
    }),
    raisedUntil: t.expose('raisedUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'When the raise ends, or ended; null: it was not raised.',
    }),
    effectiveAmount: t.field({
      type: 'BigInt',
      description: 'What is allowed now: the amount, or the raised one.',
      resolve: async (limit, _args, context) => (await meterOf(limit, context)).amount,
    }),
    enabled: t.exposeBoolean('enabled', { description: 'False: it is as if it were not there.' }),
    allowUnpriced: t.exposeBoolean('allowUnpriced', {
      description: 'For money: true lets requests pass whose price is unknown; they count nothing.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was deleted; null: it is not.',
    }),
  }),
})

builder.prismaObjectFields(Limit, (t) => ({
  used: t.field({
    type: 'BigInt',
    description: 'Used in this window; for requests at once: under way. At most seconds late.',
    resolve: async (limit, _args, context) => (await meterOf(limit, context)).used,
  }),
  reserved: t.field({
    type: 'BigInt',
    description: 'Promised to requests under way. At most seconds late.',
    resolve: async (limit, _args, context) => (await meterOf(limit, context)).reserved,
  }),
  remaining: t.field({
    type: 'BigInt',
    description: 'What neither is used nor reserved.',
    resolve: async (limit, _args, context) => (await meterOf(limit, context)).remaining,
  }),
  windowStartsAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When this window began; null: none has begun, or it has no beginning.',
    resolve: async (limit, _args, context) => (await meterOf(limit, context)).windowStartsAt,
  }),
  resetsAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When it starts anew; null: never, or no window has begun.',
    resolve: async (limit, _args, context) => (await meterOf(limit, context)).resetsAt,
  }),
}))

builder.objectField(ApiKey, 'limits', (t) =>
  t.loadableList({
    type: Limit,
    description: 'The enabled limits that can concern a request with this key, oldest first.',
    load: (ids: string[], context: Context) => listKeyLimits(context, ids),
    resolve: ({ id }) => id,
  }),
)

const LimitOrder = orderInput('Limit', {
  NAME: { description: 'The name.' },
  CREATED_AT: { description: 'When it was made.' },
})

const LimitFilter = builder.inputType('LimitFilter', {
  description: 'Narrows a list of limits; what is given must all hold.',
  fields: (t) => ({
    search: t.string({ description: 'Part of the name or model pattern.' }),
    target: t.field({ type: [LimitTarget], description: 'With one of these targets.' }),
    metric: t.field({ type: [LimitMetric], description: 'That count one of these.' }),
    period: t.field({ type: [LimitPeriod], description: 'With one of these periods.' }),
    enabled: t.boolean({ description: 'True: only enabled ones. False: only others.' }),
    keyId: t.id({ description: 'Limits on exactly this key.' }),
    userId: t.id({ description: 'Limits on exactly this user.' }),
    groupId: t.id({ description: 'Limits on exactly this group.' }),
    providerId: t.id({ description: 'Limits on exactly this provider.' }),
  }),
})

builder.queryFields((t) => ({
  limits: t.connection(
    {
      type: Limit,
      description: 'Limits that are not deleted. For administrators and auditors.',
      authScopes: { reader: true },
      args: {
        filter: t.arg({ type: LimitFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: LimitOrder, description: 'Default: the newest first.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context, info) => {
        const query = nodesQuery(context, info)
        const order = orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
        return listLimits(signedIn(context), page, filter ?? {}, order, query)
      },
    },
    ...named('Limit'),
  ),
  limit: t.field({
    type: Limit,
    nullable: true,
    description: 'One limit, a deleted one too; null when there is none. For administrators and auditors.',
    authScopes: { reader: true },
    args: { id: t.arg.id({ required: true, description: 'The id of the limit.' }) },
    resolve: (_root, { id }, context) => findLimit(signedIn(context), id),
  }),
}))
