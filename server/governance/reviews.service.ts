import { createHmac } from 'node:crypto'
import { findGroup } from '../keys/policies.store.ts'
import { type Acting, change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { currentKey } from '../lib/keyring.ts'
import { FIRST_ID, NO_ROW, type Order, type PageArgs, toKeyset, toPage, toSorting } from '../lib/page.ts'
import type { Parts } from '../lib/parts.ts'
import { InvalidInput } from '../lib/problems.ts'
import { isId, parse } from '../lib/text.ts'
import { insertNotices, listAdministratorIds } from '../users/notices.store.ts'
import { type Act, seesAll } from '../users/viewer.ts'
import { newReviewSchema, type Reviewer, subjectOf } from './review.ts'
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
  const notice = {
    kind,
    occasion: `${kind.toLowerCase()}:${review.id}`,
    ...subjectOf(review),
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
export async function beginReview(acting: Acting<Parts>, input: Begun): Promise<store.ReviewRow> {
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
    record({ action: 'createAccessReview', ...subjectOf(review), after: { ...input, keyCount } })
    return review
  })
}

/** Begins an access review. Throws `InvalidInput`. */
export const createAccessReview = async (act: Act, input: NewReview): Promise<store.ReviewRow> =>
  beginReview(act, parse(newReviewSchema(act.parts.clock.now()), input))

const SORT = {
  NAME: { column: 'name', nullable: false, dates: false },
  CREATED_AT: { column: 'createdAt', nullable: false, dates: true },
  DUE_AT: { column: 'dueAt', nullable: false, dates: true },
} as const
const BY_NAME = { column: 'keyName', direction: 'asc', nullable: false, dates: false } as const

/** People see reviews in which they have something to answer; administrators and auditors all. */
async function visibleTo({ parts, viewer }: Act) {
  if (seesAll(viewer)) return {}
  const groups = await store.listGroupIds(parts.db.prisma, viewer.id)
  const own = { reviewer: 'OWNER' as const, items: { some: { ownerId: viewer.id } } }
  return { OR: [own, { reviewerGroupId: { in: groups } }] }
}

/** A page of the reviews the viewer may see; `open`: only those that go on, or only those that have ended. */
export async function listAccessReviews(
  act: Act,
  args: PageArgs,
  { open }: { readonly open?: boolean | null | undefined },
  order: Order<keyof typeof SORT>,
) {
  const { prisma } = act.parts.db
  const where = { AND: [await visibleTo(act), open == null ? {} : { closedAt: open ? null : { not: null } }] }
  const sorting = toSorting(SORT, order)
  const rows = await store.listReviews(prisma, where, toKeyset(args, sorting))
  const page = toPage(rows, args, sorting)
  return { ...page, countAll: () => store.countReviews(prisma, where) }
}

/** One review, if the viewer may see it. */
export async function findAccessReview(act: Act, id: string): Promise<store.ReviewRow | null> {
  return isId(id) ? store.findReview(act.parts.db.prisma, { AND: [{ id }, await visibleTo(act)] }) : null
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
  const where = review ? { ...(await itemsVisibleTo(act, review)), ...(open && { decision: null }) } : NO_ROW
  const page = toPage(await store.listItems(prisma, where, toKeyset(args, BY_NAME)), args, BY_NAME)
  return { ...page, countAll: () => store.countItems(prisma, where) }
}

/** How far a review is, counted over the items that the viewer may see. */
export async function countProgress(act: Act, review: store.ReviewRow): Promise<store.Progress> {
  return store.countProgress(act.parts.db.prisma, await itemsVisibleTo(act, review))
}

/** HMAC over the answers of a review, in the order of their ids. */
export async function signReport(parts: Parts, tx: Tx, review: store.ReviewRow): Promise<Uint8Array<ArrayBuffer>> {
  const hmac = createHmac('sha256', currentKey(parts.keyring, 'review-report'))
  hmac.update(JSON.stringify([review.id, review.name, review.createdAt, review.dueAt]))
  for (let after = FIRST_ID; ; ) {
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
