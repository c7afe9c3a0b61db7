import { builder } from '../graphql/builder.ts'
import { type Context, signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import type { Policy as PolicyNoun } from '../keys/policy.ts'
import { Policy } from '../keys/policy-type.graphql.ts'
import { NotFound } from '../lib/problems.ts'
import { setDefaultLimits } from './default-limits.service.ts'
import { type DefaultLimit, listDefaultLimits } from './default-limits.store.ts'
import { measureFields } from './limit-mutations.graphql.ts'
import { LimitMetric, LimitPeriod } from './limits.graphql.ts'

const DefaultLimitType = builder.objectRef<DefaultLimit>('DefaultLimit').implement({
  description: 'A limit that each key of a type gets when it is made.',
  fields: (t) => ({
    metric: t.expose('metric', { type: LimitMetric, description: 'What it counts.' }),
    period: t.expose('period', {
      type: LimitPeriod,
      nullable: true,
      description: 'After how long it starts anew; null for requests at once.',
    }),
    amount: t.expose('amount', { type: 'BigInt', description: 'How much is allowed. Money: millionths.' }),
    allowUnpriced: t.exposeBoolean('allowUnpriced', {
      description: 'For money: true lets requests pass whose price is unknown; they count nothing.',
    }),
  }),
})

builder.objectField(Policy, 'defaultLimits', (t) =>
  t.loadableList({
    type: DefaultLimitType,
    description: 'The limits that a new key gets. Afterwards they are its own: a change here leaves it as it is.',
    load: async (ids: string[], { parts }: Context) => {
      const limits = Map.groupBy(await listDefaultLimits(parts.db.prisma, ids), ({ policyId }) => policyId)
      return ids.map((id) => limits.get(id) ?? [])
    },
    resolve: ({ id }) => id,
  }),
)

const DefaultLimitInput = builder.inputType('DefaultLimitInput', {
  description: 'A limit that each key of a type is to get when it is made.',
  fields: measureFields,
})

const SetDefaultLimitsInput = builder.inputType('SetDefaultLimitsInput', {
  description: 'The default limits of a policy, all of them.',
  fields: (t) => ({
    policyId: t.id({ required: true, description: 'The policy.' }),
    limits: t.field({
      type: [DefaultLimitInput],
      required: true,
      description: 'Up to 10, one for each metric and period; empty: a new key gets none.',
    }),
  }),
})

const SetDefaultLimitsSuccess = builder.objectRef<PolicyNoun>('SetDefaultLimitsSuccess').implement({
  description: 'Keys made from now on get these limits.',
  fields: (t) => ({
    policy: t.field({ type: Policy, description: 'The policy.', resolve: (policy) => policy }),
  }),
})

builder.mutationField('setDefaultLimits', (t) =>
  t.field({
    type: SetDefaultLimitsSuccess,
    description: 'Says which limits each new key of a type gets. Keys that exist stay as they are. For administrators.',
    authScopes: { administrator: true, write: true },
    args: { input: t.arg({ type: SetDefaultLimitsInput, required: true, description: 'The limits.' }) },
    errors: result('setDefaultLimits', [NotFound]),
    resolve: (_root, { input }, context) => setDefaultLimits(signedIn(context), input),
  }),
)
