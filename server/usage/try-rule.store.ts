import type pg from 'pg'
import type { Endpoint, Role } from '../generated/prisma/enums.ts'

/** Requests of one key to one provider for one model. */
export type Traffic = {
  readonly ownerId: string
  readonly keyId: string
  readonly providerId: string
  readonly model: string
  readonly requests: number
}

// Refused before anybody looked at rules, whatever the rules are: such a request is neither won nor lost.
const BEFORE_RULES = [
  'key_expired',
  'key_deleted',
  'key_disabled',
  'key_pending',
  'model_not_available',
  'not_found',
  'upstream_auth',
]

// The sums of each hour hold a million requests in as many rows as there were combinations in each hour.
const TRAFFIC = `
  SELECT owner_id AS "ownerId", key_id AS "keyId", provider_id AS "providerId", model, sum(requests)::int AS requests
  FROM usage_rollups
  WHERE hour >= $1 AND hour < $2 AND model <> '' AND code <> ALL($3::text[])
  GROUP BY 1, 2, 3, 4`

/** Every combination of owner, key, provider and model that was asked for in whole hours of this time. */
export async function readTraffic(pool: pg.Pool, from: Date, to: Date): Promise<Traffic[]> {
  const { rows } = await pool.query<Traffic>(TRAFFIC, [from, to, BEFORE_RULES])
  return rows
}

/** What rules ask about everybody: their role and their groups, by user id. */
export async function readPeople(
  pool: pg.Pool,
): Promise<ReadonlyMap<string, { readonly role: Role; readonly groupIds: readonly string[] }>> {
  const { rows } = await pool.query<{ id: string; role: Role; groupIds: string[] }>(
    `SELECT u.id, u.role, coalesce(array_agg(m.group_id) FILTER (WHERE g.id IS NOT NULL), '{}')::text[] AS "groupIds"
    FROM users u LEFT JOIN group_members m ON m.user_id = u.id
    LEFT JOIN groups g ON g.id = m.group_id AND g.deleted_at IS NULL
    GROUP BY u.id`,
  )
  return new Map(rows.map(({ id, ...person }) => [id, person]))
}

/** The keys that are restricted to models, by id. */
export async function readModelRestrictions(pool: pg.Pool) {
  const { rows } = await pool.query<{ id: string; models: string[]; addresses: string[]; endpoints: Endpoint[] }>(
    `SELECT id, models, '{}'::text[] AS addresses, '{}'::text[] AS endpoints FROM api_keys WHERE models <> '{}'`,
  )
  return new Map(rows.map(({ id, ...restrictions }) => [id, restrictions]))
}
