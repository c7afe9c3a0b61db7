import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import type { ReviewDecision } from './review.ts'

export type ReviewRow = Prisma.AccessReviewGetPayload<object>
export type ItemRow = Prisma.ReviewItemGetPayload<object>
type Where = Prisma.ReviewItemWhereInput

export const insertReview = (tx: Tx, data: Prisma.AccessReviewUncheckedCreateInput): Promise<ReviewRow> =>
  tx.accessReview.create({ data })

/** Freezes the list: every living key of the filter, with what it did in the last 30 and 90 days. Answers how many. */
export const freezeItems = (tx: Tx, { id, keyType, providerId, ownerId, createdAt }: ReviewRow): Promise<number> =>
  tx.$executeRaw`
    INSERT INTO review_items (id, review_id, key_id, key_name, key_type, purpose, owner_id, owner_name, provider_name,
      expires_at, last_used_at, requests_30, requests_90)
    SELECT gen_random_uuid(), ${id}::uuid, k.id, k.name, k.type, k.purpose, k.owner_id, o.display_name, p.name,
      k.expires_at, k.last_used_at, coalesce(u.requests_30, 0), coalesce(u.requests_90, 0)
    FROM api_keys k JOIN users o ON o.id = k.owner_id JOIN providers p ON p.id = k.provider_id
      LEFT JOIN (
        SELECT key_id, sum(requests) AS requests_90, coalesce(sum(requests) FILTER (
          WHERE hour >= ${createdAt}::timestamptz - make_interval(hours => 720)), 0) AS requests_30
        FROM usage_rollups WHERE hour >= ${createdAt}::timestamptz - make_interval(hours => 2160) GROUP BY key_id
      ) u ON u.key_id = k.id
    WHERE k.deleted_at IS NULL AND NOT k.pending
      AND (k.expires_at IS NULL OR k.expires_at > ${createdAt}::timestamptz)
      AND (${keyType}::text IS NULL OR k.type = ${keyType}) AND (${providerId}::uuid IS NULL OR k.provider_id = ${providerId}::uuid)
      AND (${ownerId}::uuid IS NULL OR k.owner_id = ${ownerId}::uuid)`

export const listReviews = (tx: Tx, where: Prisma.AccessReviewWhereInput, keyset: Keyset): Promise<ReviewRow[]> =>
  tx.accessReview.findMany({
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })
export const countReviews = (tx: Tx, where: Prisma.AccessReviewWhereInput) => tx.accessReview.count({ where })
export const findReview = (tx: Tx, where: Prisma.AccessReviewWhereInput) => tx.accessReview.findFirst({ where })
export const updateReview = (tx: Tx, id: string, data: Prisma.AccessReviewUncheckedUpdateInput) =>
  tx.accessReview.update({ where: { id }, data })

export async function lockReview(tx: Tx, id: string): Promise<ReviewRow | null> {
  await tx.$queryRaw`SELECT 1 FROM access_reviews WHERE id = ${id}::uuid FOR UPDATE`
  return tx.accessReview.findUnique({ where: { id } })
}

export const listItems = (tx: Tx, where: Where, keyset: Keyset): Promise<ItemRow[]> =>
  tx.reviewItem.findMany({ where: { AND: [where, keyset.where] }, orderBy: [...keyset.orderBy], take: keyset.take })
export const countItems = (tx: Tx, where: Where) => tx.reviewItem.count({ where })

/** How many keys a review has, and what was answered for them. */
export type Progress = { readonly itemCount: number; readonly keptCount: number; readonly expiredCount: number }

export async function countProgress(tx: Tx, where: Where): Promise<Progress> {
  const groups = await tx.reviewItem.groupBy({ by: ['decision'], where, _count: { _all: true } })
  const countOf = (decision: ReviewDecision) => groups.find((one) => one.decision === decision)?._count._all ?? 0
  return {
    itemCount: groups.reduce((sum, { _count }) => sum + _count._all, 0),
    keptCount: countOf('KEPT'),
    expiredCount: countOf('EXPIRED'),
  }
}

export const findItem = (tx: Tx, id: string) => tx.reviewItem.findUnique({ where: { id } })

export type Answer = {
  readonly decision: ReviewDecision
  readonly comment: string | null
  readonly decidedById: string | null
  readonly decidedByName: string | null
  readonly decidedAt: Date
}

export const answerItem = (tx: Tx, id: string, answer: Answer): Promise<ItemRow> =>
  tx.reviewItem.update({ where: { id }, data: answer })

export const answerItems = (tx: Tx, reviewId: string, keyIds: readonly string[], answer: Answer) =>
  tx.reviewItem.updateMany({ where: { reviewId, keyId: { in: [...keyIds] }, decision: null }, data: answer })

/** The next items of a review without an answer. */
export const listOpenItems = (tx: Tx, reviewId: string, take: number): Promise<ItemRow[]> =>
  tx.reviewItem.findMany({ where: { reviewId, decision: null }, orderBy: { id: 'asc' }, take })

/** The people who own keys of a review, or only those with open answers. */
export async function listOwnerIds(tx: Tx, reviewId: string, openOnly: boolean): Promise<string[]> {
  const where = { reviewId, ...(openOnly && { decision: null }) }
  const rows = await tx.reviewItem.findMany({ where, distinct: ['ownerId'], select: { ownerId: true } })
  return rows.map(({ ownerId }) => ownerId)
}

export const listMemberIds = async (tx: Tx, groupId: string) =>
  (await tx.groupMember.findMany({ where: { groupId }, select: { userId: true } })).map(({ userId }) => userId)

export const listGroupIds = async (tx: Tx, userId: string) =>
  (await tx.groupMember.findMany({ where: { userId }, select: { groupId: true } })).map(({ groupId }) => groupId)

export const isMember = async (tx: Tx, groupId: string, userId: string) =>
  (await tx.groupMember.count({ where: { groupId, userId } })) > 0

/** Reviews that are open and whose time is over, or comes before an instant. */
export const listOpenReviews = (tx: Tx, dueBefore: Date): Promise<ReviewRow[]> =>
  tx.accessReview.findMany({ where: { closedAt: null, dueAt: { lte: dueBefore } }, orderBy: { dueAt: 'asc' } })

/** Reviews that are to begin again at this instant and have not. */
export async function listRepeatable(tx: Tx, now: Date): Promise<ReviewRow[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM access_reviews r WHERE repeat_days IS NOT NULL
      AND created_at <= ${now}::timestamptz - make_interval(hours => repeat_days * 24)
      AND NOT EXISTS (SELECT FROM access_reviews next WHERE next.previous_id = r.id)
    ORDER BY created_at`
  return tx.accessReview.findMany({ where: { id: { in: rows.map(({ id }) => id) } }, orderBy: { createdAt: 'asc' } })
}
