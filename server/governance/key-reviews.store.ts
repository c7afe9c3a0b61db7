import type pg from 'pg'
import type { ReviewDecision } from '../generated/prisma/enums.ts'

/** How a key stands in the latest review that it is part of. */
export type KeyReview = {
  readonly reviewId: string
  readonly name: string
  /** Null: nobody has answered. */
  readonly decision: ReviewDecision | null
  readonly decidedAt: Date | null
  readonly dueAt: Date
  readonly closedAt: Date | null
}

export const LATEST_REVIEW = `
  SELECT i.key_id AS "keyId", i.review_id AS "reviewId", r.name, i.decision, i.decided_at AS "decidedAt",
    r.due_at AS "dueAt", r.closed_at AS "closedAt"
  FROM review_items i JOIN access_reviews r ON r.id = i.review_id`

/** The latest review of each of these keys, by the id of the key. One that is in no review is left out. */
export async function readLatestReviews(pool: pg.Pool, keyIds: readonly string[]): Promise<Map<string, KeyReview>> {
  const { rows } = await pool.query<KeyReview & { readonly keyId: string }>(
    `SELECT latest.* FROM unnest($1::uuid[]) AS wanted (id), LATERAL (
      ${LATEST_REVIEW} WHERE i.key_id = wanted.id ORDER BY r.created_at DESC LIMIT 1
    ) latest`,
    [keyIds],
  )
  return new Map(rows.map((row) => [row.keyId, row]))
}
