import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { idInput } from '../graphql/input.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import { answerReviewItem, answerReviewItems } from './answer-review.service.ts'
import { closeAccessReview } from './close-review.service.ts'
import { ReviewClosed } from './review.ts'
import { AccessReview, ReviewDecisionEnum, ReviewerEnum, ReviewItem } from './reviews.graphql.ts'
import { createAccessReview } from './reviews.service.ts'
import type { ItemRow, ReviewRow } from './reviews.store.ts'

const successOf = (name: string, description: string) =>
  builder.objectRef<ReviewRow>(name).implement({
    description,
    fields: (t) => ({
      review: t.field({ type: AccessReview, description: 'The review.', resolve: (review) => review }),
    }),
  })

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

builder.mutationField('createAccessReview', (t) =>
  t.field({
    type: successOf('CreateAccessReviewSuccess', 'The list is frozen and its reviewers are told.'),
    description: 'Begins an access review.',
    authScopes: { signedIn: true, write: true, administrator: true },
    args: { input: t.arg({ type: CreateAccessReviewInput, required: true, description: 'The review.' }) },
    errors: result('createAccessReview', []),
    resolve: (_root, { input }, context) => createAccessReview(signedIn(context), input),
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

const AnswerReviewItemSuccess = builder.objectRef<ItemRow>('AnswerReviewItemSuccess').implement({
  description: 'The answer is written down; a key that is not kept no longer works.',
  fields: (t) => ({ item: t.field({ type: ReviewItem, description: 'The item.', resolve: (item) => item }) }),
})

builder.mutationField('answerReviewItem', (t) =>
  t.field({
    type: AnswerReviewItemSuccess,
    description: 'Keeps or ends one key of a review.',
    authScopes: { signedIn: true, write: true, editor: true },
    args: { input: t.arg({ type: AnswerReviewItemInput, required: true, description: 'The answer.' }) },
    errors: result('answerReviewItem', [NotFound, ReviewClosed]),
    resolve: (_root, { input }, context) => answerReviewItem(signedIn(context), input),
  }),
)

const AnswerReviewItemsInput = builder.inputType('AnswerReviewItemsInput', {
  description: 'One answer for several keys.',
  fields: (t) => ({
    ids: t.idList({ required: true, description: 'The items, 1 to 100.' }),
    decision: t.field({ type: ReviewDecisionEnum, required: true, description: 'KEPT, or EXPIRED, which is final.' }),
    comment: t.string({ description: 'Why, up to 500 characters.' }),
  }),
})

const AnswerReviewItemsSuccess = builder.objectRef<{ items: ItemRow[] }>('AnswerReviewItemsSuccess').implement({
  description: 'The answers are written down; keys that are not kept no longer work.',
  fields: (t) => ({ items: t.field({ type: [ReviewItem], description: 'The items.', resolve: ({ items }) => items }) }),
})

builder.mutationField('answerReviewItems', (t) =>
  t.field({
    type: AnswerReviewItemsSuccess,
    description: 'Keeps or ends several keys of a review, all of them or none.',
    authScopes: { signedIn: true, write: true, editor: true },
    args: { input: t.arg({ type: AnswerReviewItemsInput, required: true, description: 'The answer.' }) },
    errors: result('answerReviewItems', [NotFound, ReviewClosed]),
    resolve: async (_root, { input }, context) => ({ items: await answerReviewItems(signedIn(context), input) }),
  }),
)

builder.mutationField('closeAccessReview', (t) =>
  t.field({
    type: successOf('CloseAccessReviewSuccess', 'The review has ended; its report is signed.'),
    description: 'Ends a review before it is due, as it would have ended then.',
    authScopes: { signedIn: true, write: true, administrator: true },
    args: {
      input: t.arg({ type: idInput('CloseAccessReviewInput', 'review'), required: true, description: 'The review.' }),
    },
    errors: result('closeAccessReview', [NotFound, ReviewClosed]),
    resolve: (_root, { input }, context) => closeAccessReview(signedIn(context), input.id),
  }),
)
