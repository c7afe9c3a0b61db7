import { builder } from '../graphql/builder.ts'
import { type Context, signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import { Policy } from '../keys/policy-type.graphql.ts'
import { NotFound } from '../lib/problems.ts'
import { applyPolicy } from './policy-rollout.service.ts'
import { listNewest, type PolicyRollout as Rollout } from './policy-rollout.store.ts'

const PolicyChoiceEnum = builder.enumType('PolicyChoice', {
  description: 'What is done about keys that break a policy that is newer than they are.',
  values: {
    LEAVE: { description: 'Nothing: they live on as they are.' },
    CAP: { description: 'Lives that are too long are shortened to what the policy allows, but not below 7 days.' },
    ASK_OWNERS: { description: 'Their owners are told what is wrong.' },
  },
})

const ApplyPolicyInput = builder.inputType('ApplyPolicyInput', {
  description: 'Names a policy and what to do about older keys.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The policy.' }),
    choice: t.field({ type: PolicyChoiceEnum, required: true, description: 'What to do.' }),
  }),
})

const PolicyRollout = builder.objectRef<Rollout>('PolicyRollout').implement({
  description: 'What is done about keys that break a policy, with its progress. For administrators and auditors.',
  authScopes: { reader: true },
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id; the audit entry of each key that was shortened has it.' }),
    choice: t.expose('choice', { type: PolicyChoiceEnum, description: 'What was chosen.' }),
    actorName: t.exposeString('actorName', { description: 'Who chose it.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
    brokenKeys: t.exposeInt('brokenKeys', { description: 'How many living keys broke the policy then.' }),
    totalKeys: t.exposeInt('totalKeys', { description: 'How many of them it is about.' }),
    doneKeys: t.exposeInt('doneKeys', { description: 'How many of these it has come to so far.' }),
    changedKeys: t.exposeInt('changedKeys', {
      description: 'How many keys were shortened, or of how many their owners were told who had not been before.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was done, or given up because the policy changed; null: it goes on.',
    }),
  }),
})

builder.objectField(Policy, 'rollout', (t) =>
  t.loadable({
    type: PolicyRollout,
    nullable: true,
    description:
      'The newest one; null: nothing was ever done about keys that broke it. For administrators and auditors.',
    authScopes: { reader: true },
    load: async (ids: string[], { parts }: Context) => {
      const newest = new Map((await listNewest(parts.db.prisma, ids)).map((one) => [one.policyId, one]))
      return ids.map((id) => newest.get(id) ?? null)
    },
    resolve: ({ id }) => id,
  }),
)

const ApplyPolicySuccess = builder.objectRef<Rollout>('ApplyPolicySuccess').implement({
  description: 'What was chosen is done; with very many keys it goes on by itself.',
  fields: (t) => ({
    rollout: t.field({
      type: PolicyRollout,
      description: 'What is done, with its progress.',
      resolve: (rollout) => rollout,
    }),
  }),
})

builder.mutationField('applyPolicy', (t) =>
  t.field({
    type: ApplyPolicySuccess,
    description:
      'Does something about keys that break a policy: leaves them, shortens their lives, or asks their owners.',
    authScopes: { signedIn: true, write: true, administrator: true },
    args: { input: t.arg({ type: ApplyPolicyInput, required: true, description: 'The policy and the choice.' }) },
    errors: result('applyPolicy', [NotFound]),
    resolve: (_root, { input }, context) => applyPolicy(signedIn(context), input),
  }),
)
