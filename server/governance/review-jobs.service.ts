import { change } from '../lib/change.ts'
import type { Parts } from '../lib/parts.ts'
import { isViolationOf } from '../lib/unique.ts'
import { asSystem, END_BATCH, endKeys } from './expire.service.ts'
import type { Job } from './jobs.service.ts'
import { DAY_MS, REMIND_DAYS } from './review.ts'
import { beginReview, signReport, tellReviewers } from './reviews.service.ts'
import * as store from './reviews.store.ts'

/** Ends what nobody answered for, if the review says so, then closes it with a signature over its answers. */
async function close(parts: Parts, review: store.ReviewRow, now: Date): Promise<void> {
  const { prisma } = parts.db
  const system = asSystem(parts)
  const nobody = { comment: null, decidedById: null, decidedByName: null, decidedAt: now }
  while (review.expireUnanswered) {
    const items = await store.listOpenItems(prisma, review.id, END_BATCH)
    if (items.length === 0) break
    const keyIds = items.map(({ keyId }) => keyId)
    await endKeys(system, keyIds, { action: 'expireReviewedApiKey', after: { reviewId: review.id, unanswered: true } })
    // Keys first: a node that dies in between ends them again, which changes nothing.
    await store.answerItems(prisma, review.id, keyIds, { decision: 'EXPIRED', ...nobody })
  }
  await change(system, async (tx, record) => {
    const locked = await store.lockReview(tx, review.id)
    if (!locked || locked.closedAt) return
    const signature = await signReport(parts, tx, locked)
    await store.updateReview(tx, review.id, { closedAt: now, signature })
    const subject = { subjectType: 'AccessReview', subjectId: review.id, subjectName: review.name }
    record({ action: 'closeAccessReview', ...subject, after: { signature: Buffer.from(signature).toString('hex') } })
  })
}

/** Begins a review once more that is to repeat; also once after a long stop, not once for each time that was missed. */
async function repeat(parts: Parts, review: store.ReviewRow, now: Date): Promise<void> {
  const { id, closedAt: _closed, signature: _signature, createdById: _by, previousId: _previous, ...same } = review
  const dueAt = new Date(now.getTime() + review.dueAt.getTime() - review.createdAt.getTime())
  try {
    await beginReview(asSystem(parts), { ...same, dueAt, previousId: id })
  } catch (error) {
    // Another node was quicker.
    if (!isViolationOf(error, 'access_reviews_previous_id_key')) throw error
  }
}

export const REVIEW_JOB: Job = {
  name: 'access-reviews',
  everyMs: 60_000,
  async run(parts, { to }) {
    const { prisma } = parts.db
    for (const review of await store.listOpenReviews(prisma, new Date(to.getTime() + REMIND_DAYS * DAY_MS))) {
      if (review.dueAt <= to) await close(parts, review, to)
      else await tellReviewers(prisma, review, 'REVIEW_DUE', to)
    }
    for (const review of await store.listRepeatable(prisma, to)) await repeat(parts, review, to)
  },
}
