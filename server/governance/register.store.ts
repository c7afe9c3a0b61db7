import type pg from 'pg'

/** What the register may be narrowed to; null does not narrow. */
export type RegisterFilter = {
  readonly ownerId: string | null
  readonly type: string | null
  readonly providerId: string | null
  readonly application: string | null
  readonly environment: string | null
}

const BATCH = 500

const REGISTER = `
  SELECT k.id, k.name, k.type, k.purpose, k.application, k.environment, k.fields,
    owner.username AS owner, creator.username AS creator, p.name AS provider, 'aic_' || s.public_id AS prefix,
    CASE WHEN k.deleted_at IS NOT NULL THEN 'DELETED' WHEN k.expires_at <= $1 THEN 'EXPIRED'
      WHEN NOT (owner.active AND p.enabled AND owner.deleted_at IS NULL AND p.deleted_at IS NULL) THEN 'DISABLED'
      WHEN k.pending THEN 'PENDING' ELSE 'ACTIVE' END AS status,
    k.created_at AS "createdAt", k.expires_at AS "expiresAt", k.last_used_at AS "lastUsedAt", k.deleted_at AS "deletedAt",
    k.leaked_at AS "leakedAt", s.created_at AS "secretCreatedAt", review.decision AS "reviewDecision",
    review.decided_at AS "reviewedAt"
  FROM api_keys k JOIN users owner ON owner.id = k.owner_id JOIN users creator ON creator.id = k.creator_id
    JOIN providers p ON p.id = k.provider_id
    LEFT JOIN key_secrets s ON s.key_id = k.id AND s.superseded_at IS NULL
    LEFT JOIN LATERAL (
      SELECT decision, decided_at FROM review_items i WHERE i.key_id = k.id AND i.decision IS NOT NULL
      ORDER BY decided_at DESC LIMIT 1
    ) review ON true
  WHERE k.id > $2 AND ($3::uuid IS NULL OR k.owner_id = $3) AND ($4::text IS NULL OR k.type = $4)
    AND ($5::uuid IS NULL OR k.provider_id = $5) AND ($6::text IS NULL OR k.application = $6)
    AND ($7::text IS NULL OR k.environment = $7)
  ORDER BY k.id LIMIT ${BATCH}`

export type RegisterRow = Readonly<Record<string, unknown>> & { readonly id: string }

/** Every key with its purpose and people, in batches. */
export async function* readRegister(pool: pg.Pool, filter: RegisterFilter, now: Date): AsyncGenerator<RegisterRow[]> {
  const { ownerId, type, providerId, application, environment } = filter
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const values = [now, after, ownerId, type, providerId, application, environment]
    const { rows } = await pool.query<RegisterRow>(REGISTER, values)
    yield rows
    const last = rows.at(-1)
    if (!last || rows.length < BATCH) return
    after = last.id
  }
}
