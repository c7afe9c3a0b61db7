import { builder } from '../graphql/builder.ts'
import { named, nodesQuery, orderInput } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { forReaders } from '../graphql/for-readers.ts'
import { findGroup, listGroups, listMembers } from './groups.service.ts'
import { canSeeDetails } from './user.ts'
import { User } from './user-type.graphql.ts'

export const Group = builder.prismaObject('Group', {
  description: 'People who are treated alike by rules and limits. Users see the groups they belong to.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    name: t.exposeString('name', { description: 'Unique among the groups that are not deleted.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was deleted; null: it is not.',
    }),
    memberCount: t.int({
      ...forReaders('How many people belong to it.'),
      select: { _count: { select: { members: { where: { user: { deletedAt: null } } } } } },
      resolve: ({ _count }) => _count.members,
    }),
    ruleCount: t.int({
      ...forReaders('How many rules name it.'),
      select: { _count: { select: { rules: { where: { deletedAt: null } } } } },
      resolve: ({ _count }) => _count.rules,
    }),
  }),
})

builder.prismaObjectField(Group, 'members', (t) =>
  t.connection(
    {
      ...forReaders('The people, by username.'),
      type: User,
      resolve: (group, page, context) => listMembers(signedIn(context), group, page),
    },
    { name: 'GroupMembersConnection', description: 'A page of the people of a group.' },
    { name: 'GroupMembersEdge', description: 'One of the people of a group, with their place in the list.' },
  ),
)

builder.prismaObjectField(User, 'groups', (t) =>
  t.field({
    type: [Group],
    nullable: true,
    authScopes: (user, _args, { viewer }) => viewer !== null && canSeeDetails(viewer, user),
    unauthorizedResolver: () => null,
    description: 'The groups they belong to, by name. Null unless it is you, or you are an administrator or auditor.',
    select: { memberships: { where: { group: { deletedAt: null } }, select: { group: true } } },
    resolve: ({ memberships }) => memberships.map(({ group }) => group).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }),
)

const GroupOrder = orderInput('Group', {
  NAME: { description: 'The name.' },
  CREATED_AT: { description: 'When it was made.' },
})

const GroupFilter = builder.inputType('GroupFilter', {
  description: 'Narrows a list of groups; what is given must all hold. It never widens what the viewer may see.',
  fields: (t) => ({
    search: t.string({ description: 'Part of the name.' }),
    memberId: t.id({ description: 'Groups this person belongs to.' }),
  }),
})

builder.queryFields((t) => ({
  groups: t.connection(
    {
      type: Group,
      description: 'Groups that are not deleted: those you belong to; for administrators and auditors all.',
      authScopes: { signedIn: true },
      args: {
        filter: t.arg({ type: GroupFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: GroupOrder, description: 'Default: by name.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context, info) => {
        const query = nodesQuery(context, info)
        const order = orderBy ?? { field: 'NAME', direction: 'ASC' }
        return listGroups(signedIn(context), page, filter ?? {}, order, query)
      },
    },
    ...named('Group'),
  ),
  group: t.field({
    type: Group,
    nullable: true,
    description: 'One group; null when it does not exist or is not yours to see.',
    authScopes: { signedIn: true },
    args: { id: t.arg.id({ required: true, description: 'The id of the group.' }) },
    resolve: (_root, { id }, context) => findGroup(signedIn(context), id),
  }),
}))
