import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { type InputFields, idInput } from '../graphql/input.ts'
import { result } from '../graphql/result.ts'
import { NameTaken, NotFound } from '../lib/problems.ts'
import { RoleEnum } from '../users/user-type.graphql.ts'
import type { Rule as Row } from './rule.ts'
import { Rule, RuleEffect } from './rules.graphql.ts'
import { createRule, deleteRule, updateRule } from './rules.service.ts'

const scopes = { administrator: true, write: true } as const

const successOf = (name: string, description: string) =>
  builder.objectRef<Row>(name).implement({
    description,
    fields: (t) => ({ rule: t.field({ type: Rule, description: 'The rule.', resolve: (rule) => rule }) }),
  })

const NAME = '3 to 64 characters, unique among the rules that are not deleted.'
const PATTERN =
  'A regular expression (RE2 syntax, up to 500 characters) that the whole model name must match. `.*`: every model.'
const ONE = 'At most one of user, group and role; none: everyone.'

const EFFECT = 'What it does to the requests it matches.'
const PROVIDER = 'Only for this provider. Null: every provider.'

/** What a rule decides with: the same for one that is made or tried. */
export const termFields = (t: InputFields) => ({
  effect: t.field({ type: RuleEffect, required: true, description: EFFECT }),
  modelPattern: t.string({ required: true, description: PATTERN }),
  userId: t.id({ description: `Only for this user. ${ONE}` }),
  groupId: t.id({ description: `Only for this group. ${ONE}` }),
  role: t.field({ type: RoleEnum, description: `Only for this role. ${ONE}` }),
  providerId: t.id({ description: PROVIDER }),
})

const cacheFields = (t: InputFields) => ({
  cacheSeconds: t.int({
    description:
      'Of an allow rule: for how many seconds (up to a week) the answer to exactly the same body is given again. ' +
      'Where several rules and the key say so, the shortest time holds. Null: the rule says nothing of that.',
  }),
  cacheShared: t.boolean({
    description: 'True: also to other people whose requests such a rule allows. Default: false.',
  }),
})

const CreateRuleInput = builder.inputType('CreateRuleInput', {
  description: 'A new rule.',
  fields: (t) => ({
    name: t.string({ required: true, description: NAME }),
    description: t.string({ description: 'Why it is there, up to 500 characters.' }),
    enabled: t.boolean({ description: 'Default: true.' }),
    ...termFields(t),
    ...cacheFields(t),
  }),
})

builder.mutationField('createRule', (t) =>
  t.field({
    type: successOf('CreateRuleSuccess', 'The rule was made and is in force everywhere.'),
    description: 'Makes a rule. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreateRuleInput, required: true, description: 'The new rule.' }) },
    errors: result('createRule', [NameTaken, NotFound]),
    resolve: (_root, { input }, context) => createRule(signedIn(context), input),
  }),
)

const UpdateRuleInput = builder.inputType('UpdateRuleInput', {
  description: 'What to change about a rule. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The rule.' }),
    name: t.string({ description: NAME }),
    description: t.string({ description: 'Why it is there; null or empty removes it.' }),
    enabled: t.boolean({ description: 'False: it is as if it were not there.' }),
    effect: t.field({ type: RuleEffect, description: EFFECT }),
    modelPattern: t.string({ description: PATTERN }),
    userId: t.id({ description: 'The user it is for, in place of what it was for. Null takes the user away.' }),
    groupId: t.id({ description: 'The group it is for, in place of what it was for. Null takes the group away.' }),
    role: t.field({
      type: RoleEnum,
      description: 'The role it is for, in place of what it was for. Null takes the role away.',
    }),
    providerId: t.id({ description: PROVIDER }),
    ...cacheFields(t),
  }),
})

builder.mutationField('updateRule', (t) =>
  t.field({
    type: successOf('UpdateRuleSuccess', 'The rule is as wished, everywhere.'),
    description: 'Changes a rule, or switches it on or off. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: UpdateRuleInput, required: true, description: 'What to change.' }) },
    errors: result('updateRule', [NotFound, NameTaken]),
    resolve: (_root, { input }, context) => updateRule(signedIn(context), input),
  }),
)

builder.mutationField('deleteRule', (t) =>
  t.field({
    type: successOf('DeleteRuleSuccess', 'The rule is deleted, and no longer in force anywhere.'),
    description: 'Deletes a rule; the log goes on naming it. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: idInput('DeleteRuleInput', 'rule'), required: true, description: 'Which rule.' }) },
    errors: result('deleteRule', [NotFound]),
    resolve: (_root, { input }, context) => deleteRule(signedIn(context), input.id),
  }),
)
