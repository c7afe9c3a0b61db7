import { builder } from '../graphql/builder.ts'
import type { Context } from '../graphql/context.ts'
import { ApiKey } from '../keys/keys.graphql.ts'
import { type KeyReview, readLatestReviews } from './key-reviews.store.ts'
import { ReviewDecisionEnum } from './reviews.graphql.ts'

const KeyReviewType = builder.objectRef<KeyReview>('KeyReview').implement({
  description: 'How a key stands in the latest access review that it is part of.',
  fields: (t) => ({
    reviewId: t.exposeID('reviewId', { description: 'The review.' }),
    name: t.exposeString('name', { description: 'The name of the review.' }),
    decision: t.expose('decision', {
      type: ReviewDecisionEnum,
      nullable: true,
      description: 'What became of the key; null: nobody has answered.',
    }),
    decidedAt: t.expose('decidedAt', { type: 'DateTime', nullable: true, description: 'When; null: not yet.' }),
    dueAt: t.expose('dueAt', { type: 'DateTime', description: 'When the review ends.' }),
    closedAt: t.expose('closedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the review ended; null: it is open.',
    }),
  }),
})

builder.objectField(ApiKey, 'review', (t) =>
  t.loadable({
    type: KeyReviewType,
    nullable: true,
    description: 'The latest access review it is part of; null: it was in none.',
    load: async (ids: string[], { parts }: Context) => {
      const reviews = await readLatestReviews(parts.db.pool, ids)
      return ids.map((id) => reviews.get(id) ?? null)
    },
    resolve: ({ id }) => id,
  }),
)
