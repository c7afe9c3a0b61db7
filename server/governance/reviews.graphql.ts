import { builder } from '../graphql/builder.ts'
import { named, orderInput } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { problem } from '../graphql/problems.ts'
import { ReviewClosed } from './review.ts'
import { countProgress, findAccessReview, listAccessReviews, listReviewItems } from './reviews.service.ts'
import type { ItemRow, Progress, ReviewRow } from './reviews.store.ts'

builder.objectType(ReviewClosed, { name: 'ReviewClosed', ...problem('The review has ended.') })

export const ReviewerEnum = builder.enumType('Reviewer', {
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

const ReviewProgress = builder.objectRef<Progress>('ReviewProgress').implement({
  description: 'How far a review is.',
  fields: (t) => ({
    itemCount: t.exposeInt('itemCount', { description: 'How many keys are in it.' }),
    keptCount: t.exposeInt('keptCount', { description: 'How many stay.' }),
    expiredCount: t.exposeInt('expiredCount', { description: 'How many were ended.' }),
  }),
})

export const AccessReview = builder.objectRef<ReviewRow>('AccessReview').implement({
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
    progress: t.field({
      type: ReviewProgress,
      description: 'How far it is, over the keys of it that you may see.',
      resolve: (review, _args, context) => countProgress(signedIn(context), review),
    }),
  }),
})

export const ReviewItem = builder.objectRef<ItemRow>('ReviewItem').implement({
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

const AccessReviewOrder = orderInput('AccessReview', {
  NAME: { description: 'The name.' },
  CREATED_AT: { description: 'When it began.' },
  DUE_AT: { description: 'When it ends.' },
})

const AccessReviewFilter = builder.inputType('AccessReviewFilter', {
  description: 'Narrows a list of reviews. It never widens what the viewer may see.',
  fields: (t) => ({
    open: t.boolean({ description: 'True: only those that go on. False: only those that have ended.' }),
  }),
})

builder.queryFields((t) => ({
  accessReviews: t.connection(
    {
      type: AccessReview,
      description: 'Reviews in which you have something to answer; administrators and auditors see all.',
      authScopes: { signedIn: true },
      args: {
        filter: t.arg({ type: AccessReviewFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: AccessReviewOrder, description: 'Default: the newest first.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context) => {
        const order = orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
        return listAccessReviews(signedIn(context), page, filter ?? {}, order)
      },
    },
    ...named('AccessReview'),
  ),
  accessReview: t.field({
    type: AccessReview,
    nullable: true,
    description: 'One review; null: it does not exist, or it is not yours to see.',
    authScopes: { signedIn: true },
    args: { id: t.arg.id({ required: true, description: 'The review.' }) },
    resolve: (_root, { id }, context) => findAccessReview(signedIn(context), id),
  }),
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
