import { builder } from '../graphql/builder.ts'
import { named } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import { type Notice as NoticeNoun, pathOf, titleOf } from './notice.ts'
import { countUnread, listNotices, markNoticesRead } from './notices.service.ts'

export const NoticeKindEnum = builder.enumType('NoticeKind', {
  description: 'What people are told.',
  values: {
    KEY_EXPIRING: { description: 'A key expires in 30, 7 or 1 days.' },
    KEY_EXPIRED: { description: 'A key has expired.' },
    KEY_IDLE: { description: 'A key has expired because it was not used.' },
    KEY_LEAKED: { description: 'A key was reported as leaked, and expired.' },
    ROTATION_DUE: { description: "A key's secret is older than the policy of its type wants." },
    POLICY_BROKEN: { description: 'A key does not follow the policy of its type.' },
    APPROVAL_ASKED: { description: 'Somebody asks for a key that you may approve.' },
    APPROVAL_ANSWERED: { description: 'A request of yours was answered, or nobody did in time.' },
    LIMIT_WARNING: { description: 'A limit is used up to 80 %.' },
    LIMIT_REACHED: { description: 'A limit is used up.' },
    REVIEW_ASKED: { description: 'You are asked to review keys.' },
    REVIEW_DUE: { description: 'A review ends soon and has open answers of yours.' },
    EMERGENCY: { description: 'Keys of yours were expired in an emergency or, for administrators, keys of anybody.' },
    EMERGENCY_UNDONE: { description: 'An emergency was undone.' },
    NEW_SIGN_IN: { description: 'Somebody signed in to your account from a place that was not seen before.' },
    WEBHOOK_TEST: { description: 'Somebody tries a webhook. It is sent to that webhook only.' },
  },
})

const Notice = builder.objectRef<NoticeNoun>('Notice').implement({
  description: 'Something you were told.',
  authScopes: (notice, { viewer }) => viewer?.id === notice.userId,
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
    kind: t.expose('kind', { type: NoticeKindEnum, description: 'What about.' }),
    title: t.string({ description: 'One line for people.', resolve: titleOf }),
    path: t.string({ description: 'Where in the console something can be done about it.', resolve: pathOf }),
    subjectType: t.exposeString('subjectType', { description: 'The type of what it is about.' }),
    subjectId: t.exposeID('subjectId', { nullable: true, description: 'What it is about; null: nothing with an id.' }),
    subjectName: t.exposeString('subjectName', { nullable: true, description: 'Its name then; null: it has none.' }),
    details: t.expose('details', { type: 'JSON', description: 'More, as names and texts.' }),
    readAt: t.expose('readAt', { type: 'DateTime', nullable: true, description: 'When you read it; null: not yet.' }),
  }),
})

const NoticeFilter = builder.inputType('NoticeFilter', {
  description: 'Narrows the inbox.',
  fields: (t) => ({ unread: t.boolean({ description: 'True: only what you have not read.' }) }),
})

builder.queryFields((t) => ({
  notices: t.connection(
    {
      type: Notice,
      description: 'Your inbox, the newest first.',
      authScopes: { signedIn: true },
      args: { filter: t.arg({ type: NoticeFilter, description: 'Only these.' }) },
      resolve: (_root, { filter, ...page }, context) =>
        listNotices(signedIn(context), page, { unread: filter?.unread ?? false }),
    },
    ...named('Notice'),
  ),
  unreadNoticeCount: t.int({
    description: 'How many notices you have not read.',
    authScopes: { signedIn: true },
    resolve: (_root, _args, context) => countUnread(signedIn(context)),
  }),
}))

const MarkNoticeReadInput = builder.inputType('MarkNoticeReadInput', {
  description: 'Names notices.',
  fields: (t) => ({ ids: t.idList({ description: 'Up to 100 notices. Left out or null: all of yours.' }) }),
})

const MarkNoticeReadSuccess = builder.objectRef<{ readCount: number }>('MarkNoticeReadSuccess').implement({
  description: 'They are read.',
  fields: (t) => ({ readCount: t.exposeInt('readCount', { description: 'How many were unread before.' }) }),
})

builder.mutationField('markNoticeRead', (t) =>
  t.field({
    type: MarkNoticeReadSuccess,
    description: 'Marks notices of yours as read.',
    authScopes: { signedIn: true, write: true },
    args: { input: t.arg({ type: MarkNoticeReadInput, required: true, description: 'The notices.' }) },
    errors: result('markNoticeRead', [NotFound]),
    resolve: async (_root, { input }, context) => ({
      readCount: await markNoticesRead(signedIn(context), input.ids ?? null),
    }),
  }),
)
