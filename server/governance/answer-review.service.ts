import type { AuditFact } from '../lib/audit.ts'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { NotFound } from '../lib/problems.ts'
import { isId, parse } from '../lib/text.ts'
import { type Act, isAdministrator } from '../users/viewer.ts'
import { endWithin } from './expire.service.ts'
import { answerSchema, answersSchema, ReviewClosed, type ReviewDecision } from './review.ts'
import * as store from './reviews.store.ts'

async function mayAnswer({ viewer }: Act, tx: Tx, review: store.ReviewRow, item: store.ItemRow): Promise<boolean> {
  if (isAdministrator(viewer)) return true
  if (review.reviewer === 'OWNER') return item.ownerId === viewer.id
  return review.reviewerGroupId !== null && store.isMember(tx, review.reviewerGroupId, viewer.id)
}

type Said = { readonly decision: ReviewDecision; readonly comment?: string | null | undefined }
type Open = { readonly tx: Tx; readonly record: (fact: AuditFact) => void }

async function answerWithin(act: Act, { tx, record }: Open, id: string, { decision, comment }: Said) {
  const { viewer, parts } = act
  const found = isId(id) ? await store.findItem(tx, id) : null
  const review = found && (await store.lockReview(tx, found.reviewId))
  if (!found || !review || !(await mayAnswer(act, tx, review, found))) throw new NotFound('item')
  const decidedAt = parts.clock.now()
  if (review.closedAt || review.dueAt <= decidedAt) throw new ReviewClosed()
  // What was ended stays ended; a kept key may still be ended until the review is over.
  if (found.decision === 'EXPIRED') return found
  const subject = { subjectType: 'ReviewItem', subjectId: id, subjectName: found.keyName }
  record({
    action: 'answerReviewItem',
    ...subject,
    after: { reviewId: review.id, keyId: found.keyId, decision, comment },
  })
  const by = { decidedById: viewer.id, decidedByName: viewer.username, decidedAt }
  if (decision === 'EXPIRED') {
    const ending = { action: 'expireReviewedApiKey', after: { reviewId: review.id, comment } }
    await endWithin(act, { tx, record }, [found.keyId], ending)
  }
  return store.answerItem(tx, id, { decision, comment: comment ?? null, ...by })
}

/** Keeps or ends one key of a review. Throws `NotFound`, `ReviewClosed`, `InvalidInput`. */
export async function answerReviewItem(act: Act, { id, ...given }: Said & { readonly id: string }) {
  const said = parse(answerSchema, given)
  return change(act, (tx, record) => answerWithin(act, { tx, record }, id, said))
}

/** The same answer for up to 100 keys of a review, all of them or none. Throws like `answerReviewItem`. */
export async function answerReviewItems(act: Act, input: Said & { readonly ids: readonly string[] }) {
  const { ids, ...said } = parse(answersSchema, input)
  return change(act, async (tx, record) => {
    const items: store.ItemRow[] = []
    for (const id of new Set(ids)) items.push(await answerWithin(act, { tx, record }, id, said))
    return items
  })
}
