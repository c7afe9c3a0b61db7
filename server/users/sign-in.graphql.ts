import { builder } from '../graphql/builder.ts'
import { type Context, signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import { changePassword, setPassword } from './passwords.service.ts'
import { InvalidCredentials, LinkExpired, SetupClosed, TooManyAttempts } from './problems.ts'
import type { SignedIn } from './sessions.service.ts'
import { completeSetup, isSetupRequired } from './setup.service.ts'
import { signIn } from './sign-in.service.ts'
import type { User as Row } from './user.ts'
import { ONESELF, User } from './user-type.graphql.ts'

const PASSWORD = '12 to 256 characters.'

/** The answer of everything that signs in or stays signed in: yourself, whom you may see whole. */
const successOf = (name: string, description: string) =>
  builder.objectRef<Row>(name).implement({
    description,
    fields: (t) => ({
      viewer: t.field({
        type: User,
        description: 'You.',
        grantScopes: [ONESELF],
        resolve: (user) => user,
      }),
    }),
  })

function start({ session }: Context, { user, token, expiresAt }: SignedIn): Row {
  session.start(token, expiresAt)
  return user
}

builder.queryField('setupRequired', (t) =>
  t.boolean({
    description: 'True until the first administrator exists.',
    authScopes: { public: true },
    resolve: (_root, _args, { parts }) => isSetupRequired(parts),
  }),
)

const CompleteSetupInput = builder.inputType('CompleteSetupInput', {
  description: 'The first administrator.',
  fields: (t) => ({
    token: t.string({ required: true, description: 'From the link printed at the start.' }),
    username: t.string({ required: true, description: '3 to 64 characters; stored in lower case.' }),
    displayName: t.string({ description: 'What you are called. Default: the username.' }),
    email: t.string({ description: 'Where mail goes.' }),
    password: t.string({ required: true, description: PASSWORD }),
  }),
})

builder.mutationField('completeSetup', (t) =>
  t.field({
    type: successOf('CompleteSetupSuccess', 'The first administrator exists and is signed in.'),
    description: 'Makes the first administrator, once, and starts a session.',
    authScopes: { public: true },
    args: { input: t.arg({ type: CompleteSetupInput, required: true, description: 'The first administrator.' }) },
    errors: result('completeSetup', [SetupClosed, TooManyAttempts]),
    resolve: async (_root, { input }, context) => start(context, await completeSetup(context, input)),
  }),
)

const SignInInput = builder.inputType('SignInInput', {
  description: 'Who you are.',
  fields: (t) => ({
    username: t.string({ required: true, description: 'Upper and lower case are alike.' }),
    password: t.string({ required: true, description: 'The password.' }),
  }),
})

builder.mutationField('signIn', (t) =>
  t.field({
    type: successOf('SignInSuccess', 'You are signed in.'),
    description: 'Starts a session, which its cookie holds. Wrong tries slow the next ones down.',
    authScopes: { public: true },
    args: { input: t.arg({ type: SignInInput, required: true, description: 'Who you are.' }) },
    errors: result('signIn', [InvalidCredentials, TooManyAttempts]),
    resolve: async (_root, { input }, context) => start(context, await signIn(context, input)),
  }),
)

const SetPasswordInput = builder.inputType('SetPasswordInput', {
  description: 'A password, chosen with a one-time link.',
  fields: (t) => ({
    token: t.string({ required: true, description: 'From the link.' }),
    password: t.string({ required: true, description: PASSWORD }),
  }),
})

builder.mutationField('setPassword', (t) =>
  t.field({
    type: successOf('SetPasswordSuccess', 'The password is set and you are signed in.'),
    description: 'Sets the password of the person a one-time link is for, ends their sessions and starts a new one.',
    authScopes: { public: true },
    args: { input: t.arg({ type: SetPasswordInput, required: true, description: 'The password.' }) },
    errors: result('setPassword', [LinkExpired, TooManyAttempts]),
    resolve: async (_root, { input }, context) => start(context, await setPassword(context, input)),
  }),
)

const ChangePasswordInput = builder.inputType('ChangePasswordInput', {
  description: 'Your old and your new password.',
  fields: (t) => ({
    currentPassword: t.string({ required: true, description: 'The one you have.' }),
    newPassword: t.string({ required: true, description: PASSWORD }),
  }),
})

builder.mutationField('changePassword', (t) =>
  t.field({
    type: successOf('ChangePasswordSuccess', 'The password is changed; this is your only session now.'),
    description: 'Changes your own password and ends your other sessions. Only from a session.',
    authScopes: { session: true, write: true },
    args: { input: t.arg({ type: ChangePasswordInput, required: true, description: 'Both passwords.' }) },
    errors: result('changePassword', [InvalidCredentials, TooManyAttempts]),
    resolve: (_root, { input }, context) => changePassword(signedIn(context), input),
  }),
)
