import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { ApiKey } from '../keys/keys.graphql.ts'
import { PolicyRulesInput } from '../keys/policy-type.graphql.ts'
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
