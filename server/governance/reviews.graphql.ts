import { builder } from '../graphql/builder.ts'
import { named } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { problem } from '../graphql/problems.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import { ReviewClosed } from './review.ts'
import { answerReviewItem, createAccessReview, listAccessReviews, listReviewItems } from './reviews.service.ts'
import type { ItemRow, ReviewRow } from './reviews.store.ts'

builder.objectType(ReviewClosed, { name: 'ReviewClosed', ...problem('The review has ended.') })

const ReviewerEnum = builder.enumType('Reviewer', {
  description: 'Who answers for the keys of a review.',
  values: {
    OWNER: { description: 'Each owner, for own keys.' },
    GROUP: { description: 'The members of one group.' },
    ADMINISTRATORS: { description: 'Administrators.' },
  },
})

export const ReviewDecisionEnum = builder.enumType('ReviewDecision', {
  description: 'What became of a key in a review.',
  values: { KEPT: { description: 'It stays.' }, EXPIRED: { description: 'It was ended.' } },
})

const AccessReview = builder.objectRef<ReviewRow>('AccessReview').implement({
  description: 'A list of keys, frozen when it was made, of which each is kept or ended by its reviewer.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    name: t.exposeString('name', { description: 'Its name.' }),
    reviewer: t.expose('reviewer', { type: ReviewerEnum, description: 'Who answers; administrators always may.' }),
    reviewerGroupId: t.exposeID('reviewerGroupId', {
      nullable: true,
      description: 'The group that answers; null: none.',
    }),
    keyType: t.exposeString('keyType', { nullable: true, description: 'Only keys of this type; null: all.' }),
    providerId: t.exposeID('providerId', { nullable: true, description: 'Only keys of this provider; null: all.' }),
    ownerId: t.exposeID('ownerId', { nullable: true, description: 'Only keys of this owner; null: all.' }),
    expireUnanswered: t.exposeBoolean('expireUnanswered', {
      description: 'True: at the end, keys that nobody answered for are ended.',
    }),
    repeatDays: t.exposeInt('repeatDays', {
      nullable: true,
      description: 'Days after which it begins again; null: once.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When its list was frozen.' }),
    dueAt: t.expose('dueAt', { type: 'DateTime', description: 'When it ends.' }),
    closedAt: t.expose('closedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null: it is open.',
    }),
    signature: t.string({
      nullable: true,
      description: 'HMAC over the answers it was closed with, in hexadecimal; null: it is open.',
      resolve: ({ signature }) => signature && Buffer.from(signature).toString('hex'),
    }),
  }),
})

const ReviewItem = builder.objectRef<ItemRow>('ReviewItem').implement({
  description: 'A key in a review, as it was when the list was frozen.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    keyId: t.exposeID('keyId', { description: 'The key.' }),
    keyName: t.exposeString('keyName', { description: 'Its name then.' }),
    keyType: t.exposeString('keyType', { description: 'Its type.' }),
    purpose: t.exposeString('purpose', { nullable: true, description: 'What it was for; null: not said.' }),
    ownerId: t.exposeID('ownerId', { description: 'Its owner.' }),
    ownerName: t.exposeString('ownerName', { description: 'What they were called.' }),
    providerName: t.exposeString('providerName', { description: 'The provider it opened.' }),
    keyExpiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: 'Its expiry; null: never.' }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', nullable: true, description: 'Its last use; null: never.' }),
    requests30: t.expose('requests30', { type: 'BigInt', description: 'Requests in the 30 days before.' }),
    requests90: t.expose('requests90', { type: 'BigInt', description: 'Requests in the 90 days before.' }),
    decision: t.expose('decision', {
      type: ReviewDecisionEnum,
      nullable: true,
      description: 'Null: nobody has answered.',
    }),
    comment: t.exposeString('comment', { nullable: true, description: 'What the reviewer said; null: nothing.' }),
    decidedByName: t.exposeString('decidedByName', {
      nullable: true,
      description: 'Who answered; null with a decision: the review ended without an answer.',
    }),
    decidedAt: t.expose('decidedAt', { type: 'DateTime', nullable: true, description: 'When; null: not yet.' }),
  }),
})

builder.queryFields((t) => ({
  accessReviews: t.connection(
    {
      type: AccessReview,
      description: 'Reviews in which you have something to answer; administrators and auditors see all. Newest first.',
      authScopes: { signedIn: true },
      resolve: (_root, page, context) => listAccessReviews(signedIn(context), page),
    },
    ...named('AccessReview'),
  ),
  reviewItems: t.connection(
    {
      type: ReviewItem,
      description: 'The keys of a review, by name: yours; for its reviewers, administrators and auditors all.',
      authScopes: { signedIn: true },
      args: {
        reviewId: t.arg.id({ description: 'The review. Without one the list is empty.' }),
        open: t.arg.boolean({ description: 'True: only those that nobody has answered for.' }),
      },
      resolve: (_root, { reviewId, open, ...page }, context) =>
        listReviewItems(signedIn(context), page, { reviewId: reviewId ?? '', open }),
    },
    ...named('ReviewItem'),
  ),
}))

const CreateAccessReviewInput = builder.inputType('CreateAccessReviewInput', {
  description: 'A review to begin. Every living key that the filter leaves is in it.',
  fields: (t) => ({
    name: t.string({ required: true, description: '3 to 64 characters.' }),
    reviewer: t.field({ type: ReviewerEnum, required: true, description: 'Who answers.' }),
    reviewerGroupId: t.id({ description: 'The group, exactly when a group answers.' }),
    keyType: t.string({ description: 'Only keys of this type.' }),
    providerId: t.id({ description: 'Only keys of this provider.' }),
    ownerId: t.id({ description: 'Only keys of this owner.' }),
    expireUnanswered: t.boolean({ required: true, description: 'True: unanswered keys are ended at the end.' }),
    repeatDays: t.int({ description: 'Days after which it begins again, 7 to 3650. Null: once.' }),
    dueAt: t.field({ type: 'DateTime', required: true, description: 'When it ends, in the future.' }),
  }),
})

const CreateAccessReviewSuccess = builder.objectRef<{ review: ReviewRow }>('CreateAccessReviewSuccess').implement({
  description: 'The list is frozen and its reviewers are told.',
  fields: (t) => ({
    review: t.field({ type: AccessReview, description: 'The review.', resolve: ({ review }) => review }),
  }),
})

builder.mutationField('createAccessReview', (t) =>
  t.field({
    type: CreateAccessReviewSuccess,
    description: 'Begins an access review.',
    authScopes: { signedIn: true, write: true, administrator: true },
    args: { input: t.arg({ type: CreateAccessReviewInput, required: true, description: 'The review.' }) },
    errors: result('createAccessReview', []),
    resolve: async (_root, { input }, context) => ({ review: await createAccessReview(signedIn(context), input) }),
  }),
)

const AnswerReviewItemInput = builder.inputType('AnswerReviewItemInput', {
  description: 'The answer for one key.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The item.' }),
    decision: t.field({ type: ReviewDecisionEnum, required: true, description: 'KEPT, or EXPIRED, which is final.' }),
    comment: t.string({ description: 'Why, up to 500 characters.' }),
  }),
})

const AnswerReviewItemSuccess = builder.objectRef<{ item: ItemRow }>('AnswerReviewItemSuccess').implement({
  description: 'The answer is written down; a key that is not kept no longer works.',
  fields: (t) => ({ item: t.field({ type: ReviewItem, description: 'The item.', resolve: ({ item }) => item }) }),
})

builder.mutationField('answerReviewItem', (t) =>
  t.field({
    type: AnswerReviewItemSuccess,
    description: 'Keeps or ends one key of a review.',
    authScopes: { signedIn: true, write: true, editor: true },
    args: { input: t.arg({ type: AnswerReviewItemInput, required: true, description: 'The answer.' }) },
    errors: result('answerReviewItem', [NotFound, ReviewClosed]),
    resolve: async (_root, { input }, context) => ({ item: await answerReviewItem(signedIn(context), input) }),
  }),
)
