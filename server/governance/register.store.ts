import type { Prisma } from '../generated/prisma/client.ts'
import type { Db } from '../lib/db.ts'
import { FIRST_ID } from '../lib/page.ts'
import { LATEST_REVIEW } from './key-reviews.store.ts'

/** More rows at once would hold up everybody else on this node. */
const BATCH = 200

const REGISTER = `
  SELECT k.id, k.name, k.type, k.purpose, k.application, k.environment, k.fields,
    owner.username AS owner, creator.username AS creator, p.name AS provider, 'aic_' || s.public_id AS prefix,
    CASE WHEN k.deleted_at IS NOT NULL THEN 'DELETED' WHEN k.expires_at <= $1 THEN 'EXPIRED'
      WHEN NOT (owner.active AND p.enabled AND owner.deleted_at IS NULL AND p.deleted_at IS NULL) THEN 'DISABLED'
      WHEN k.pending THEN 'PENDING' ELSE 'ACTIVE' END AS status,
    k.created_at AS "createdAt", k.expires_at AS "expiresAt", k.last_used_at AS "lastUsedAt", k.deleted_at AS "deletedAt",
    k.leaked_at AS "leakedAt", s.created_at AS "secretCreatedAt", review.name AS "review",
    review.decision AS "reviewDecision", review."decidedAt" AS "reviewedAt"
  FROM api_keys k JOIN users owner ON owner.id = k.owner_id JOIN users creator ON creator.id = k.creator_id
    JOIN providers p ON p.id = k.provider_id
    LEFT JOIN key_secrets s ON s.key_id = k.id AND s.superseded_at IS NULL
    LEFT JOIN LATERAL (${LATEST_REVIEW} WHERE i.key_id = k.id ORDER BY r.created_at DESC LIMIT 1) review ON true
  WHERE k.id = ANY($2::uuid[]) ORDER BY k.id`

export type RegisterRow = Readonly<Record<string, unknown>>

/** Every key that a condition leaves, with its purpose and people, in batches. */
export async function* readRegister(db: Db, where: Prisma.ApiKeyWhereInput, now: Date): AsyncGenerator<RegisterRow[]> {
  for (let after = FIRST_ID; ; ) {
    const next = { AND: [where, { id: { gt: after } }] }
    const keys = await db.prisma.apiKey.findMany({
      where: next,
      select: { id: true },
      orderBy: { id: 'asc' },
      take: BATCH,
    })
    const { rows } = await db.pool.query<RegisterRow>(REGISTER, [now, keys.map(({ id }) => id)])
    yield rows
    const last = keys.at(-1)
    if (!last || keys.length < BATCH) return
    after = last.id
  }
}
