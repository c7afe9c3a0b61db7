import { builder } from '../graphql/builder.ts'
import { problem } from '../graphql/problems.ts'
import { InvalidCredentials, LastAdministrator, LinkExpired, SetupClosed, TooManyAttempts } from './problems.ts'

builder.objectType(InvalidCredentials, {
  name: 'InvalidCredentials',
  ...problem('The username or the password is not right. An unknown, a disabled and a wrong one look alike.'),
})

builder.objectType(TooManyAttempts, {
  name: 'TooManyAttempts',
  ...problem('Too many wrong tries; this one was not tried.'),
  fields: (t) => ({
    retryAfterSeconds: t.exposeInt('retryAfterSeconds', { description: 'Seconds after which a try counts again.' }),
  }),
})

builder.objectType(SetupClosed, {
  name: 'SetupClosed',
  ...problem('There is an administrator already, or the token is not that of the newest setup link.'),
})

builder.objectType(LinkExpired, {
  name: 'LinkExpired',
  ...problem('The one-time link was used, is too old, or was replaced by a newer one.'),
})

builder.objectType(LastAdministrator, {
  name: 'LastAdministrator',
  ...problem('Nobody could manage the installation any more.'),
})
