import { builder } from '../graphql/builder.ts'
import { named, nodesQuery, orderInput } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import './access-tokens.graphql.ts'
import './group-mutations.graphql.ts'
import './groups.graphql.ts'
import './problems.graphql.ts'
import './sessions.graphql.ts'
import './sign-in.graphql.ts'
import './user-mutations.graphql.ts'
import { RoleEnum, User } from './user-type.graphql.ts'
import { findUser, listUsers } from './users.service.ts'

const UserFilter = builder.inputType('UserFilter', {
  description: 'Narrows a list of users; what is given must all hold.',
  fields: (t) => ({
    search: t.string({ description: 'Part of the username, display name or email.' }),
    role: t.field({ type: [RoleEnum], description: 'Users with one of these roles.' }),
    active: t.boolean({ description: 'True: only active ones. False: only disabled ones.' }),
    deleted: t.boolean({ description: 'True: only deleted ones. False or null: only others.' }),
  }),
})

const UserOrder = orderInput('User', {
  USERNAME: { description: 'The username.' },
  DISPLAY_NAME: { description: 'The display name.' },
  CREATED_AT: { description: 'When the account was made.' },
})

builder.queryFields((t) => ({
  viewer: t.field({
    type: User,
    nullable: true,
    description: 'You; null while nobody is signed in.',
    authScopes: { public: true },
    resolve: (_root, _args, context) => context.viewer && findUser(signedIn(context), context.viewer.id),
  }),
  users: t.connection(
    {
      type: User,
      description: 'All users. For administrators and auditors.',
      authScopes: { reader: true },
      args: {
        filter: t.arg({ type: UserFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: UserOrder, description: 'Default: by username.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context, info) => {
        const query = nodesQuery(context, info)
        const order = orderBy ?? { field: 'USERNAME', direction: 'ASC' }
        return listUsers(signedIn(context), page, filter ?? {}, order, query)
      },
    },
    ...named('User'),
  ),
  user: t.field({
    type: User,
    nullable: true,
    description: 'One user; null when there is none. Administrators and auditors see everybody, others themselves.',
    authScopes: { signedIn: true },
    args: { id: t.arg.id({ required: true, description: 'The id of the user.' }) },
    resolve: (_root, { id }, context) => findUser(signedIn(context), id),
  }),
}))
