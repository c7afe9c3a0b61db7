import { builder } from '../graphql/builder.ts'
import { named, nodesQuery, orderInput } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { RoleEnum } from '../users/user-type.graphql.ts'
import { seesAll } from '../users/viewer.ts'
import { findRule, listRules } from './rules.service.ts'

export const RuleEffect = builder.enumType('RuleEffect', {
  description: 'What a rule does to the requests it matches.',
  values: {
    ALLOW: { description: 'Allows them, unless another rule denies them.' },
    DENY: { description: 'Denies them, whatever other rules allow.' },
  },
})

export const Rule = builder.prismaObject('Rule', {
  description:
    'Who may ask which provider for which models. A request needs an enabled rule that allows it and none that ' +
    'denies it; the order of rules does not matter. Visible to administrators and auditors.',
  authScopes: (_rule, { viewer }) => viewer !== null && seesAll(viewer),
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    name: t.exposeString('name', { description: 'Unique among the rules that are not deleted.' }),
    description: t.exposeString('description', { nullable: true, description: 'Why it is there; null: not said.' }),
    enabled: t.exposeBoolean('enabled', { description: 'False: it is as if it were not there.' }),
    effect: t.expose('effect', { type: RuleEffect, description: 'What it does to the requests it matches.' }),
    modelPattern: t.exposeString('modelPattern', {
      description: 'A regular expression (RE2 syntax) that the whole model name must match.',
    }),
    user: t.relation('user', { nullable: true, description: 'The user it is for; null: not for one user.' }),
    group: t.relation('group', { nullable: true, description: 'The group it is for; null: not for one group.' }),
    role: t.expose('role', {
      type: RoleEnum,
      nullable: true,
      description: 'The role it is for; null: not for one role. Without user, group and role it is for everyone.',
    }),
    provider: t.relation('provider', { nullable: true, description: 'The provider it is for; null: every provider.' }),
    cacheSeconds: t.exposeInt('cacheSeconds', {
      nullable: true,
      description:
        'For how many seconds an answer is given again to exactly the same body; null: it says nothing of that.',
    }),
    cacheShared: t.exposeBoolean('cacheShared', {
      description: 'True: also to other people whose requests such a rule allows.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was deleted; null: it is not.',
    }),
  }),
})

const RuleOrder = orderInput('Rule', {
  NAME: { description: 'The name.' },
  CREATED_AT: { description: 'When it was made.' },
})

const RuleFilter = builder.inputType('RuleFilter', {
  description: 'Narrows a list of rules; what is given must all hold.',
  fields: (t) => ({
    search: t.string({ description: 'Part of the name, description or model pattern.' }),
    enabled: t.boolean({ description: 'True: only enabled ones. False: only others.' }),
    effect: t.field({ type: RuleEffect, description: 'Rules with this effect.' }),
    userId: t.id({ description: 'Rules for exactly this user.' }),
    groupId: t.id({ description: 'Rules for exactly this group.' }),
    role: t.field({ type: RoleEnum, description: 'Rules for exactly this role.' }),
    providerId: t.id({ description: 'Rules for exactly this provider.' }),
  }),
})

builder.queryFields((t) => ({
  rules: t.connection(
    {
      type: Rule,
      description: 'Rules that are not deleted. For administrators and auditors.',
      authScopes: { reader: true },
      args: {
        filter: t.arg({ type: RuleFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: RuleOrder, description: 'Default: by name.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context, info) => {
        const query = nodesQuery(context, info)
        const order = orderBy ?? { field: 'NAME', direction: 'ASC' }
        return listRules(signedIn(context), page, filter ?? {}, order, query)
      },
    },
    ...named('Rule'),
  ),
  rule: t.field({
    type: Rule,
    nullable: true,
    description: 'One rule, a deleted one too; null when there is none. For administrators and auditors.',
    authScopes: { reader: true },
    args: { id: t.arg.id({ required: true, description: 'The id of the rule.' }) },
    resolve: (_root, { id }, context) => findRule(signedIn(context), id),
  }),
}))
