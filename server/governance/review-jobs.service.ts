import { asSystem } from '../lib/change.ts'
import type { Parts } from '../lib/parts.ts'
import { isViolationOf } from '../lib/unique.ts'
import { closeReview } from './close-review.service.ts'
import type { Job } from './jobs.service.ts'
import { DAY_MS, REMIND_DAYS } from './review.ts'
import { beginReview, tellReviewers } from './reviews.service.ts'
import * as store from './reviews.store.ts'

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
      if (review.dueAt <= to) await closeReview(asSystem(parts), review, to)
      else await tellReviewers(prisma, review, 'REVIEW_DUE', to)
    }
    for (const review of await store.listRepeatable(prisma, to)) await repeat(parts, review, to)
  },
}
