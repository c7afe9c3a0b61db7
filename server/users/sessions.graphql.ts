import { builder } from '../graphql/builder.ts'
import { named } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { idInput } from '../graphql/input.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import type { Session as Row } from './session.ts'
import { endOwnSession, listOwnSessions, signOut } from './sessions.service.ts'

const isOwn = (row: { userId: string }, viewerId: string | undefined) => row.userId === viewerId

const Session = builder.prismaObject('Session', {
  description:
    'A signed-in browser. Visible only to whose it is. It ends 12 hours after its last use, or after 30 days.',
  authScopes: (session, { viewer }) => isOwn(session, viewer?.id),
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id; it opens nothing.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was signed in.' }),
    lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime', description: 'Its last request, at most a minute late.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it ends in any case.' }),
    address: t.exposeString('address', { nullable: true, description: 'Where it was signed in from; null: unknown.' }),
    userAgent: t.exposeString('userAgent', {
      nullable: true,
      description: 'What the browser calls itself; null: it said nothing.',
    }),
    current: t.boolean({
      description: 'True for the session that asks.',
      resolve: ({ id }, _args, { viewer }) => viewer?.proofId === id,
    }),
  }),
})

builder.queryField('sessions', (t) =>
  t.connection(
    {
      type: Session,
      description: 'Your own sessions that have not ended, the newest first.',
      authScopes: { signedIn: true },
      resolve: (_root, page, context) => listOwnSessions(signedIn(context), page),
    },
    ...named('Session'),
  ),
)

const EndSessionSuccess = builder.objectRef<Row>('EndSessionSuccess').implement({
  description: 'The session has ended.',
  fields: (t) => ({
    session: t.field({ type: Session, description: 'The session.', resolve: (session) => session }),
  }),
})

builder.mutationField('endSession', (t) =>
  t.field({
    type: EndSessionSuccess,
    description: 'Ends one of your own sessions at once. Ending it again changes nothing.',
    authScopes: { signedIn: true, write: true },
    args: {
      input: t.arg({ type: idInput('EndSessionInput', 'session'), required: true, description: 'Which session.' }),
    },
    errors: result('endSession', [NotFound]),
    resolve: (_root, { input }, context) => endOwnSession(signedIn(context), input.id),
  }),
)

const SignOutInput = builder.inputType('SignOutInput', {
  description: 'How much to sign out.',
  fields: (t) => ({
    allSessions: t.boolean({ description: 'True: every one of your sessions. Default: this one.' }),
  }),
})

const SignOutSuccess = builder.objectRef<{ signedOut: boolean }>('SignOutSuccess').implement({
  description: 'This session has ended.',
  fields: (t) => ({
    signedOut: t.exposeBoolean('signedOut', { description: 'Always true.' }),
  }),
})

builder.mutationField('signOut', (t) =>
  t.field({
    type: SignOutSuccess,
    description: 'Ends the session that asks and removes its cookie. Access tokens stay.',
    authScopes: { session: true, write: true },
    args: { input: t.arg({ type: SignOutInput, description: 'How much to sign out.' }) },
    errors: result('signOut', []),
    resolve: async (_root, { input }, context) => {
      await signOut(signedIn(context), { allSessions: input?.allSessions ?? false })
      context.session.end()
      return { signedOut: true }
    },
  }),
)
