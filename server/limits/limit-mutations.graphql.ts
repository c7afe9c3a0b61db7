import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { type InputFields, idInput } from '../graphql/input.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import type { Limit as Row } from './limit.ts'
import { Limit, LimitMetric, LimitPeriod, LimitTarget } from './limits.graphql.ts'
import { createLimit, deleteLimit, updateLimit } from './limits.service.ts'

const scopes = { administrator: true, write: true } as const

const successOf = (name: string, description: string) =>
  builder.objectRef<Row>(name).implement({
    description,
    fields: (t) => ({ limit: t.field({ type: Limit, description: 'The limit.', resolve: (limit) => limit }) }),
  })

const UNPRICED = 'For money: true lets requests pass whose price is unknown; they count nothing. Default: false.'

/** What a limit counts, and how much: the same for one that is made, tried, or given to new keys. */
export const measureFields = (t: InputFields) => ({
  metric: t.field({ type: LimitMetric, required: true, description: 'What it counts.' }),
  period: t.field({
    type: LimitPeriod,
    description: 'After how long it starts anew; for everything but `CONCURRENCY`.',
  }),
  amount: t.field({
    type: 'BigInt',
    required: true,
    description: 'How much is allowed. Money: millionths of the currency.',
  }),
  allowUnpriced: t.boolean({ description: UNPRICED }),
})

/** Whose requests it counts: the same for one that is made or tried. */
export const targetFields = (t: InputFields) => ({
  target: t.field({ type: LimitTarget, required: true, description: 'Whose requests it counts.' }),
  keyId: t.id({ description: 'The key, for `KEY`.' }),
  userId: t.id({ description: 'The user, for `USER`.' }),
  groupId: t.id({ description: 'The group, for `GROUP`.' }),
  providerId: t.id({ description: 'The provider, for `PROVIDER`.' }),
  modelPattern: t.string({ description: 'A name or glob of models, for `MODEL`: `*` any characters, `?` one.' }),
})

const CreateLimitInput = builder.inputType('CreateLimitInput', {
  description: 'A new limit.',
  fields: (t) => ({
    name: t.string({ description: 'What people call it, up to 64 characters.' }),
    ...targetFields(t),
    ...measureFields(t),
    raisedAmount: t.field({ type: 'BigInt', description: 'What is allowed instead until `raisedUntil`.' }),
    raisedUntil: t.field({ type: 'DateTime', description: 'When the raise ends, in the future.' }),
    enabled: t.boolean({ description: 'Default: true.' }),
  }),
})

builder.mutationField('createLimit', (t) =>
  t.field({
    type: successOf('CreateLimitSuccess', 'The limit was made and is in force everywhere.'),
    description: 'Makes a limit. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreateLimitInput, required: true, description: 'The new limit.' }) },
    errors: result('createLimit', [NotFound]),
    resolve: (_root, { input }, context) => createLimit(signedIn(context), input),
  }),
)

const UpdateLimitInput = builder.inputType('UpdateLimitInput', {
  description:
    'What to change about a limit. What is left out stays as it is. What it counts and whom cannot change: make another.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The limit.' }),
    name: t.string({ description: 'What people call it; null or empty takes it away.' }),
    amount: t.field({ type: 'BigInt', description: 'How much is allowed. What was used in this window stays used.' }),
    raisedAmount: t.field({
      type: 'BigInt',
      description: 'What is allowed instead until `raisedUntil`; null, with `raisedUntil`, ends the raise.',
    }),
    raisedUntil: t.field({ type: 'DateTime', description: 'When the raise ends, in the future.' }),
    allowUnpriced: t.boolean({ description: UNPRICED }),
    enabled: t.boolean({ description: 'False: it is as if it were not there.' }),
  }),
})

builder.mutationField('updateLimit', (t) =>
  t.field({
    type: successOf('UpdateLimitSuccess', 'The limit is as wished, everywhere.'),
    description: 'Changes a limit, or raises it for a while. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: UpdateLimitInput, required: true, description: 'The changes.' }) },
    errors: result('updateLimit', [NotFound]),
    resolve: (_root, { input }, context) => updateLimit(signedIn(context), input),
  }),
)

builder.mutationField('deleteLimit', (t) =>
  t.field({
    type: successOf('DeleteLimitSuccess', 'The limit no longer holds.'),
    description: 'Removes a limit; the log goes on naming it. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: idInput('DeleteLimitInput', 'limit'), required: true, description: 'The limit.' }) },
    errors: result('deleteLimit', [NotFound]),
    resolve: (_root, { input }, context) => deleteLimit(signedIn(context), input.id),
  }),
)
