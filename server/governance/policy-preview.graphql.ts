import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import { ApiKey } from '../keys/keys.graphql.ts'
import { PolicyRulesInput } from '../keys/policy-type.graphql.ts'
import { NotFound } from '../lib/problems.ts'
import { type Applied, applyPolicy } from './apply-policy.service.ts'
import { type Breach, type PolicyPreview as Preview, previewPolicy } from './policy-preview.service.ts'

const PolicyBreach = builder.objectRef<Breach>('PolicyBreach').implement({
  description: 'A key that breaks rules.',
  fields: (t) => ({
    apiKey: t.field({ type: ApiKey, description: 'The key.', resolve: ({ row }) => row }),
    messages: t.exposeStringList('messages', { description: 'What is wrong with it, a sentence each.' }),
  }),
})

const PolicyPreview = builder.objectRef<Preview>('PolicyPreview').implement({
  description: 'Which keys that exist would break rules, found without changing anything.',
  fields: (t) => ({
    checkedCount: t.exposeInt('checkedCount', { description: 'How many living keys of the type there are.' }),
    brokenCount: t.exposeInt('brokenCount', { description: 'How many of them break the rules.' }),
    breaches: t.field({
      type: [PolicyBreach],
      description: 'A page of them.',
      resolve: ({ breaches }) => [...breaches],
    }),
    endCursor: t.exposeString('endCursor', { nullable: true, description: '`after` of the next page; null: no more.' }),
    crowdedOwnerCount: t.exposeInt('crowdedOwnerCount', {
      description: 'How many people have more keys of the type than the rules allow.',
    }),
  }),
})

builder.queryField('previewPolicy', (t) =>
  t.field({
    type: PolicyPreview,
    description: 'Which keys would break rules if they were switched on. For administrators and auditors.',
    authScopes: { reader: true },
    args: {
      keyType: t.arg.string({ description: 'The key type. Default: Development.' }),
      rules: t.arg({ type: PolicyRulesInput, description: 'Changes to the stored rules, not saved. Null: none.' }),
      first: t.arg.int({ description: 'How many keys, at most 100. Default 25.' }),
      after: t.arg.string({ description: 'Only keys after this cursor.' }),
    },
    resolve: (_root, { keyType, rules, first, after }, context) =>
      previewPolicy(signedIn(context), { keyType: keyType ?? 'Development', rules: rules ?? {}, first, after }),
  }),
)

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

const ApplyPolicySuccess = builder.objectRef<Applied>('ApplyPolicySuccess').implement({
  description: 'What was chosen is done.',
  fields: (t) => ({
    brokenCount: t.exposeInt('brokenCount', { description: 'How many living keys broke the policy.' }),
    changedCount: t.exposeInt('changedCount', { description: 'How many were shortened.' }),
    askedCount: t.exposeInt('askedCount', {
      description: 'Of how many their owners were told, who had not been before.',
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
