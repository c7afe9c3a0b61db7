import { builder } from '../graphql/builder.ts'
import type { Context } from '../graphql/context.ts'
import { canSeeDetails } from './user.ts'

export const RoleEnum = builder.enumType('Role', {
  description: 'What a person may do.',
  values: {
    ADMINISTRATOR: { description: 'Sees and changes everything; sees no secret.' },
    AUDITOR: { description: 'Sees everything; changes only what is their own account.' },
    USER: { description: 'Sees and changes what is their own.' },
  },
})

/** Somebody who has just signed in is nobody yet in this request: the answer of the sign-in grants it. */
export const ONESELF = 'oneself'

/** Details are null for whoever may not see them: a list of keys stays whole where an owner is only named. */
const detail = {
  nullable: true,
  authScopes: (user: { id: string }, _args: object, { viewer }: Context) =>
    (viewer !== null && canSeeDetails(viewer, user)) || { $granted: ONESELF },
  unauthorizedResolver: () => null,
} as const

const WHO = 'Null unless it is you, or you are an administrator or auditor.'

export const User = builder.prismaObject('User', {
  description: 'A person with an account. Whoever meets one (as the owner of a key) sees who it is, and no more.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    username: t.exposeString('username', { description: 'What they sign in with; lower case, unique, never changed.' }),
    displayName: t.exposeString('displayName', { description: 'What they are called.' }),
    email: t.exposeString('email', { ...detail, description: `Where mail goes; null: none given. ${WHO}` }),
    role: t.expose('role', { ...detail, type: RoleEnum, description: `What they may do. ${WHO}` }),
    active: t.exposeBoolean('active', {
      ...detail,
      description: `False: they cannot sign in and their keys are DISABLED. ${WHO}`,
    }),
    createdAt: t.expose('createdAt', { ...detail, type: 'DateTime', description: `When the account was made. ${WHO}` }),
    createdBy: t.relation('createdBy', {
      ...detail,
      description: `Who made the account; null: the setup or the operator's console. ${WHO}`,
    }),
    deletedAt: t.expose('deletedAt', {
      ...detail,
      type: 'DateTime',
      description: `When the account was deleted; null: it is not. ${WHO}`,
    }),
    keyCount: t.int({
      ...detail,
      select: { _count: { select: { ownedKeys: { where: { deletedAt: null } } } } },
      description: `How many keys they own, without deleted ones. ${WHO}`,
      resolve: ({ _count }) => _count.ownedKeys,
    }),
  }),
})
