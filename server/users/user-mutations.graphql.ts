import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { idInput } from '../graphql/input.ts'
import { result } from '../graphql/result.ts'
import { NameTaken, NotFound } from '../lib/problems.ts'
import { resetPassword } from './passwords.service.ts'
import { LastAdministrator, TooManyAttempts } from './problems.ts'
import type { User as Row } from './user.ts'
import { RoleEnum, User } from './user-type.graphql.ts'
import { createUser, deleteUser, updateUser } from './users.service.ts'

const scopes = { administrator: true, write: true } as const

const LINK = 'in this answer and never again; works once, for 7 days'

const CreateUserInput = builder.inputType('CreateUserInput', {
  description: 'A new user.',
  fields: (t) => ({
    username: t.string({
      required: true,
      description: '3 to 64 characters, stored in lower case, unique among users that are not deleted.',
    }),
    displayName: t.string({ description: 'What they are called, up to 64 characters. Default: the username.' }),
    email: t.string({ description: 'Where mail goes.' }),
    role: t.field({ type: RoleEnum, description: 'What they may do. Default: USER.' }),
    password: t.string({ description: '12 to 256 characters. Left out: the answer has a link to choose one.' }),
  }),
})

const CreateUserSuccess = builder
  .objectRef<{ user: Row; setPasswordUrl: string | null }>('CreateUserSuccess')
  .implement({
    description: 'The user was made.',
    fields: (t) => ({
      user: t.field({ type: User, description: 'The user.', resolve: ({ user }) => user }),
      setPasswordUrl: t.exposeString('setPasswordUrl', {
        nullable: true,
        description: `The link to choose a password with, ${LINK}. Null when a password was given.`,
      }),
    }),
  })

builder.mutationField('createUser', (t) =>
  t.field({
    type: CreateUserSuccess,
    description: 'Makes a user. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreateUserInput, required: true, description: 'The new user.' }) },
    errors: result('createUser', [NameTaken, TooManyAttempts]),
    resolve: (_root, { input }, context) => createUser(signedIn(context), input),
  }),
)

const UpdateUserInput = builder.inputType('UpdateUserInput', {
  description: 'What to change about a user. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The user.' }),
    displayName: t.string({ description: 'What they are called, up to 64 characters.' }),
    email: t.string({ description: 'Where mail goes; null or empty removes it.' }),
    role: t.field({ type: RoleEnum, description: 'What they may do.' }),
    active: t.boolean({ description: 'False ends sessions, access tokens and password links at once.' }),
  }),
})

const successOf = (name: string, description: string) =>
  builder.objectRef<Row>(name).implement({
    description,
    fields: (t) => ({ user: t.field({ type: User, description: 'The user.', resolve: (user) => user }) }),
  })

builder.mutationField('updateUser', (t) =>
  t.field({
    type: successOf('UpdateUserSuccess', 'The user is as wished.'),
    description: 'Changes a user, or disables one: then they are signed out and their keys stop. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: UpdateUserInput, required: true, description: 'What to change.' }) },
    errors: result('updateUser', [NotFound, LastAdministrator]),
    resolve: (_root, { input }, context) => updateUser(signedIn(context), input),
  }),
)

builder.mutationField('deleteUser', (t) =>
  t.field({
    type: successOf('DeleteUserSuccess', 'The user is deleted.'),
    description: 'Deletes a user; what they did stays told, their keys stop, their name is free. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: idInput('DeleteUserInput', 'user'), required: true, description: 'Which user.' }) },
    errors: result('deleteUser', [NotFound, LastAdministrator]),
    resolve: (_root, { input }, context) => deleteUser(signedIn(context), input.id),
  }),
)

const ResetPasswordInput = builder.inputType('ResetPasswordInput', {
  description: 'Whose password to reset.',
  fields: (t) => ({ userId: t.id({ required: true, description: 'The user.' }) }),
})

const ResetPasswordSuccess = builder
  .objectRef<{ user: Row; setPasswordUrl: string }>('ResetPasswordSuccess')
  .implement({
    description: 'The old password no longer works.',
    fields: (t) => ({
      user: t.field({ type: User, description: 'The user.', resolve: ({ user }) => user }),
      setPasswordUrl: t.exposeString('setPasswordUrl', {
        description: `The link to choose a new password with, ${LINK}.`,
      }),
    }),
  })

builder.mutationField('resetPassword', (t) =>
  t.field({
    type: ResetPasswordSuccess,
    description:
      "Takes the password of a user away, ends their sessions, and makes a link. From an administrator's session.",
    authScopes: { ...scopes, session: true },
    args: { input: t.arg({ type: ResetPasswordInput, required: true, description: 'Whose password.' }) },
    errors: result('resetPassword', [NotFound]),
    resolve: (_root, { input }, context) => resetPassword(signedIn(context), input.userId),
  }),
)
