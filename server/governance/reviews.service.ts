import { createHmac } from 'node:crypto'
import { findGroup } from '../keys/policies.store.ts'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { currentKey } from '../lib/keyring.ts'
import { type PageArgs, toKeyset, toPage } from '../lib/page.ts'
import type { Parts } from '../lib/parts.ts'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { isId, parse } from '../lib/text.ts'
import { insertNotices, listAdministratorIds } from '../users/notices.store.ts'
import { type Act, isAdministrator, seesAll } from '../users/viewer.ts'
import { type Acting, endWithin } from './expire.service.ts'
import { answerSchema, newReviewSchema, ReviewClosed, type ReviewDecision, type Reviewer } from './review.ts'
import * as store from './reviews.store.ts'

export type NewReview = {
  readonly name: string
  readonly reviewer: Reviewer
  readonly reviewerGroupId?: string | null | undefined
  readonly keyType?: string | null | undefined
  readonly providerId?: string | null | undefined
  readonly ownerId?: string | null | undefined
  readonly expireUnanswered: boolean
  readonly repeatDays?: number | null | undefined
  readonly dueAt: Date
}

/** Who answers; an owner only for own keys. */
export async function reviewersOf(tx: Tx, review: store.ReviewRow, openOnly: boolean): Promise<string[]> {
  if (review.reviewer === 'OWNER') return store.listOwnerIds(tx, review.id, openOnly)
  if (openOnly && (await store.countItems(tx, { reviewId: review.id, decision: null })) === 0) return []
  if (review.reviewerGroupId === null) return listAdministratorIds(tx)
  return store.listMemberIds(tx, review.reviewerGroupId)
}

/** Tells the reviewers once. */
export async function tellReviewers(tx: Tx, review: store.ReviewRow, kind: 'REVIEW_ASKED' | 'REVIEW_DUE', at: Date) {
  const told = await reviewersOf(tx, review, kind === 'REVIEW_DUE')
  const subject = { subjectType: 'AccessReview', subjectId: review.id, subjectName: review.name }
  const notice = {
    kind,
    occasion: `${kind.toLowerCase()}:${review.id}`,
    ...subject,
    details: { dueAt: review.dueAt.toISOString() },
  }
  await insertNotices(
    tx,
    told.map((userId) => ({ userId, ...notice })),
    at,
  )
}

type Begun = Omit<NewReview, 'reviewer'> & { readonly reviewer: Reviewer; readonly previousId?: string }

/** Freezes the list and asks the reviewers. */
export async function beginReview(acting: Acting, input: Begun): Promise<store.ReviewRow> {
  const { random, clock } = acting.parts
  return change(acting, async (tx, record) => {
    if (input.reviewerGroupId != null && !(await findGroup(tx, input.reviewerGroupId))) {
      throw new InvalidInput([{ path: 'reviewerGroupId', message: 'does not exist.' }])
    }
    const createdAt = clock.now()
    const review = await store.insertReview(tx, {
      id: random.uuidv7(),
      ...input,
      createdById: acting.viewer.id,
      createdAt,
    })
    const keyCount = await store.freezeItems(tx, review)
    await tellReviewers(tx, review, 'REVIEW_ASKED', createdAt)
    const subject = { subjectType: 'AccessReview', subjectId: review.id, subjectName: review.name }
    record({ action: 'createAccessReview', ...subject, after: { ...input, keyCount } })
    return review
  })
}

/** Begins an access review. Throws `InvalidInput`. */
export const createAccessReview = async (act: Act, input: NewReview): Promise<store.ReviewRow> =>
  beginReview(act, parse(newReviewSchema(act.parts.clock.now()), input))

const BY_DATE = { column: 'createdAt', direction: 'desc', nullable: false, dates: true } as const
const BY_NAME = { column: 'keyName', direction: 'asc', nullable: false, dates: false } as const

/** People see reviews in which they have something to answer; administrators and auditors all. */
async function visibleTo({ parts, viewer }: Act) {
  if (seesAll(viewer)) return {}
  const groups = await store.listGroupIds(parts.db.prisma, viewer.id)
  const own = { reviewer: 'OWNER' as const, items: { some: { ownerId: viewer.id } } }
  return { OR: [own, { reviewerGroupId: { in: groups } }] }
}

export async function listAccessReviews(act: Act, args: PageArgs) {
  const { prisma } = act.parts.db
  const where = await visibleTo(act)
  const rows = await store.listReviews(prisma, where, toKeyset(args, BY_DATE))
  const page = toPage(rows, args, ({ createdAt }) => createdAt)
  return { ...page, countAll: () => store.countReviews(prisma, where) }
}

/** The items the viewer may see: all for readers and the reviewing group, otherwise those of own keys. */
async function itemsVisibleTo({ parts, viewer }: Act, review: store.ReviewRow) {
  if (seesAll(viewer)) return { reviewId: review.id }
  const group = review.reviewerGroupId
  const reviews = group !== null && (await store.isMember(parts.db.prisma, group, viewer.id))
  return { reviewId: review.id, ...(!reviews && { ownerId: viewer.id }) }
}

export type ItemFilter = { readonly reviewId: string; readonly open?: boolean | null | undefined }

/** A page of a review's keys by name; empty for who may see none of them. */
export async function listReviewItems(act: Act, args: PageArgs, { reviewId, open }: ItemFilter) {
  const { prisma } = act.parts.db
  const review = isId(reviewId) ? await store.findReview(prisma, { id: reviewId }) : null
  const where = review
    ? { ...(await itemsVisibleTo(act, review)), ...(open && { decision: null }) }
    : { id: { in: [] } }
  const page = toPage(await store.listItems(prisma, where, toKeyset(args, BY_NAME)), args, ({ keyName }) => keyName)
  return { ...page, countAll: () => store.countItems(prisma, where) }
}

async function mayAnswer({ viewer }: Act, tx: Tx, review: store.ReviewRow, item: store.ItemRow): Promise<boolean> {
  if (isAdministrator(viewer)) return true
  if (review.reviewer === 'OWNER') return item.ownerId === viewer.id
  return review.reviewerGroupId !== null && store.isMember(tx, review.reviewerGroupId, viewer.id)
}

type GivenAnswer = {
  readonly id: string
  readonly decision: ReviewDecision
  readonly comment?: string | null | undefined
}

/** Keeps or ends one key of a review. Throws `NotFound`, `ReviewClosed`, `InvalidInput`. */
export async function answerReviewItem(act: Act, { id, ...given }: GivenAnswer): Promise<store.ItemRow> {
  const { decision, comment } = parse(answerSchema, given)
  const { viewer, parts } = act
  return change(act, async (tx, record) => {
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
  })
}

/** HMAC over the answers of a review, in the order of their ids. */
export async function signReport(parts: Parts, tx: Tx, review: store.ReviewRow): Promise<Uint8Array<ArrayBuffer>> {
  const hmac = createHmac('sha256', currentKey(parts.keyring, 'review-report'))
  hmac.update(JSON.stringify([review.id, review.name, review.createdAt, review.dueAt]))
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const keyset = { where: { id: { gt: after } }, orderBy: [{ id: 'asc' }], take: 1000 }
    const items = await store.listItems(tx, { reviewId: review.id }, keyset)
    for (const { id, keyId, decision, decidedById, decidedAt, comment } of items) {
      hmac.update(JSON.stringify([id, keyId, decision, decidedById, decidedAt, comment]))
    }
    const last = items.at(-1)
    if (!last || items.length < 1000) return new Uint8Array(hmac.digest())
    after = last.id
  }
}
