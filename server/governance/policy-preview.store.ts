import type pg from 'pg'
import type { Tx } from '../lib/db.ts'

/** A living key as a policy sees it. */
export type GovernedKey = {
  readonly id: string
  readonly name: string
  readonly ownerId: string
  readonly providerId: string
  readonly purpose: string | null
  readonly application: string | null
  readonly environment: string | null
  readonly fields: Readonly<Record<string, string>>
  readonly expiresAt: Date | null
  /** When its current secret was made. */
  readonly since: Date
}

const BATCH = `
  SELECT k.id, k.name, k.owner_id AS "ownerId", k.provider_id AS "providerId", k.purpose, k.application, k.environment,
    k.fields, k.expires_at AS "expiresAt", coalesce(s.created_at, k.created_at) AS since
  FROM api_keys k LEFT JOIN key_secrets s ON s.key_id = k.id AND s.superseded_at IS NULL
  WHERE k.type = $1 AND k.deleted_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2) AND k.id > $3
  ORDER BY k.id LIMIT $4`

const FIRST = '00000000-0000-0000-0000-000000000000'

/**
 * Every living key of a type, in batches: between two of them other work goes on, whatever their number.
 */
export async function* livingKeys(pool: pg.Pool, type: string, now: Date, size: number) {
  for (let after = FIRST; ; ) {
    const { rows } = await pool.query<GovernedKey>({
      name: 'governed-keys',
      text: BATCH,
      values: [type, now, after, size],
    })
    yield rows
    const last = rows.at(-1)
    if (!last || rows.length < size) return
    after = last.id
  }
}

/** How many people have more living keys of a type than a number. */
export async function countCrowdedOwners(pool: pg.Pool, type: string, now: Date, max: number): Promise<number> {
  const { rows } = await pool.query<{ owners: number }>(
    `SELECT count(*)::int AS owners FROM (
      SELECT FROM api_keys WHERE type = $1 AND deleted_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
      GROUP BY owner_id HAVING count(*) > $3
    ) AS crowded`,
    [type, now, max],
  )
  return rows[0]?.owners ?? 0
}

export const findKeys = (tx: Tx, ids: readonly string[]) =>
  tx.apiKey.findMany({ where: { id: { in: [...ids] } }, orderBy: { id: 'asc' } })
