import { type Acting, change } from '../lib/change.ts'
import type { Parts } from '../lib/parts.ts'
import { NotFound } from '../lib/problems.ts'
import { isId } from '../lib/text.ts'
import type { Act } from '../users/viewer.ts'
import { END_BATCH, endKeys } from './expire.service.ts'
import { ReviewClosed, subjectOf } from './review.ts'
import { signReport } from './reviews.service.ts'
import * as store from './reviews.store.ts'

/** Ends what nobody answered for, if the review says so, then closes it with a signature over its answers. */
export async function closeReview(acting: Acting<Parts>, review: store.ReviewRow, now: Date): Promise<void> {
  const { parts } = acting
  const { prisma } = parts.db
  const nobody = { comment: null, decidedById: null, decidedByName: null, decidedAt: now }
  while (review.expireUnanswered) {
    const items = await store.listOpenItems(prisma, review.id, END_BATCH)
    if (items.length === 0) break
    const keyIds = items.map(({ keyId }) => keyId)
    await endKeys(acting, keyIds, { action: 'expireReviewedApiKey', after: { reviewId: review.id, unanswered: true } })
    // Keys first: a node that dies in between ends them again, which changes nothing.
    await store.answerItems(prisma, review.id, keyIds, { decision: 'EXPIRED', ...nobody })
  }
  await change(acting, async (tx, record) => {
    const locked = await store.lockReview(tx, review.id)
    if (!locked || locked.closedAt) return
    const signature = await signReport(parts, tx, locked)
    await store.updateReview(tx, review.id, { closedAt: now, signature })
    record({
      action: 'closeAccessReview',
      ...subjectOf(review),
      after: { signature: Buffer.from(signature).toString('hex') },
    })
  })
}

/** Ends a review before it is due, as it would have ended then. Throws `NotFound`, `ReviewClosed`. */
export async function closeAccessReview(act: Act, id: string): Promise<store.ReviewRow> {
  const { db, clock } = act.parts
  const review = isId(id) ? await store.findReview(db.prisma, { id }) : null
  if (!review) throw new NotFound('review')
  if (review.closedAt) throw new ReviewClosed()
  await closeReview(act, review, clock.now())
  return (await store.findReview(db.prisma, { id })) ?? review
}
