import type pg from 'pg'
import type { AuthType, EmergencyScope, Endpoint, ProviderKind, Role, WireFormat } from '../generated/prisma/enums.ts'
import { compileRestrictions, type Restriction } from '../keys/restriction.ts'
import type { Member } from '../providers/pool.ts'
import type { RuleTerms } from '../rules/rule.ts'

/** A key as the hot path needs it. Instants are epoch milliseconds. */
export type KeyRow = {
  readonly id: string
  readonly ownerId: string
  readonly providerId: string
  readonly version: number
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly deleted: boolean
  readonly pending: boolean
  readonly restriction: Restriction
  /** Null: no answer is given again, unless a rule says so. */
  readonly cacheSeconds: number | null
}

/** One secret with its key. */
export type SecretRow = {
  readonly id: string
  readonly publicId: string
  readonly secretHash: Uint8Array<ArrayBuffer>
  readonly pepperVersion: number
  readonly expiresAt: number | null
  readonly key: KeyRow
}

export type UserRow = {
  readonly id: string
  readonly version: number
  readonly active: boolean
  readonly role: Role
}

/** A deleted group has no members. */
export type GroupRow = { readonly id: string; readonly version: number; readonly userIds: readonly string[] }

/** Many keys that ended at once; over: each of them has its own end, or has got its life back. */
export type EmergencyRow = {
  readonly id: string
  readonly scope: EmergencyScope
  readonly subjectId: string | null
  readonly startedAt: number
  readonly over: boolean
}

/** A deleted rule is not enabled. */
export type RuleRow = RuleTerms & { readonly version: number }

export type ProviderRow = {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly enabled: boolean
  readonly kind: ProviderKind
  /** Null: a pool. */
  readonly baseUrl: string | null
  readonly wireFormat: WireFormat
  readonly apiVersion: string | null
  readonly authType: AuthType
  readonly authHeader: string | null
  readonly sealedCredential: Uint8Array | null
  readonly enabledModels: readonly string[]
  readonly discoveredModels: readonly string[]
  readonly createdAt: number
  readonly connectTimeoutMs: number
  readonly firstByteTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly totalTimeoutMs: number
  readonly maxConcurrency: number | null
  readonly repeatsUnanswered: boolean
  readonly members: readonly Member[]
}

export type SingleRow = ProviderRow & { readonly baseUrl: string }

const SECRETS = `
  SELECT s.id, s.public_id, s.secret_hash, s.pepper_version, s.expires_at AS secret_expires_at,
    k.id AS key_id, k.owner_id, k.provider_id, k.version, k.created_at, k.expires_at, k.deleted_at, k.pending,
    k.models, k.addresses, k.endpoints::text[] AS endpoints, k.cache_seconds
  FROM key_secrets s JOIN api_keys k ON k.id = s.key_id`

type RawSecret = {
  readonly id: string
  readonly public_id: string
  readonly secret_hash: Buffer
  readonly pepper_version: number
  readonly secret_expires_at: Date | null
  readonly key_id: string
  readonly owner_id: string
  readonly provider_id: string
  readonly version: number
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly deleted_at: Date | null
  readonly pending: boolean
  readonly models: readonly string[]
  readonly addresses: readonly string[]
  readonly endpoints: readonly Endpoint[]
  readonly cache_seconds: number | null
}

const toSecret = (row: RawSecret): SecretRow => ({
  id: row.id,
  publicId: row.public_id,
  secretHash: new Uint8Array(row.secret_hash),
  pepperVersion: row.pepper_version,
  expiresAt: row.secret_expires_at?.getTime() ?? null,
  key: {
    id: row.key_id,
    ownerId: row.owner_id,
    providerId: row.provider_id,
    version: row.version,
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at?.getTime() ?? null,
    deleted: row.deleted_at !== null,
    pending: row.pending,
    restriction: compileRestrictions(row),
    cacheSeconds: row.cache_seconds,
  },
})

/** A caller waits for it: a database that has said nothing by then does not count as one. */
const LOOK_UP_MS = 2_000

/** The secret with this public id, or null. Rejects when the database does not answer, also when it just says nothing. */
export async function findSecret(pool: pg.Pool, publicId: string): Promise<SecretRow | null> {
  const text = `${SECRETS} WHERE s.public_id = $1`
  const query = { name: 'directory-secret', text, values: [publicId], query_timeout: LOOK_UP_MS }
  const { rows } = await pool.query<RawSecret>(query)
  return rows[0] ? toSecret(rows[0]) : null
}

/** Every secret of these keys. */
export async function listSecrets(pool: pg.Pool, keyIds: readonly string[]): Promise<readonly SecretRow[]> {
  const { rows } = await pool.query<RawSecret>(`${SECRETS} WHERE s.key_id = ANY($1::uuid[])`, [keyIds])
  return rows.map(toSecret)
}

/** These users, or all of them. Deleted ones are not active. */
export async function listUsers(pool: pg.Pool, ids: readonly string[] | null): Promise<readonly UserRow[]> {
  const { rows } = await pool.query<UserRow>(
    `SELECT id, version, active AND deleted_at IS NULL AS active, role FROM users
    WHERE $1::uuid[] IS NULL OR id = ANY($1)`,
    [ids],
  )
  return rows
}

/** These groups with their members, or all of them. */
export async function listGroups(pool: pg.Pool, ids: readonly string[] | null): Promise<readonly GroupRow[]> {
  const { rows } = await pool.query<GroupRow>(
    `SELECT g.id, g.version,
      coalesce(array_agg(m.user_id::text) FILTER (WHERE g.deleted_at IS NULL AND m.user_id IS NOT NULL), '{}') AS "userIds"
    FROM groups g LEFT JOIN group_members m ON m.group_id = g.id
    WHERE $1::uuid[] IS NULL OR g.id = ANY($1) GROUP BY g.id`,
    [ids],
  )
  return rows
}

/** These rules, or all that are not deleted. */
export async function listRules(pool: pg.Pool, ids: readonly string[] | null): Promise<readonly RuleRow[]> {
  const { rows } = await pool.query<RuleRow>(
    `SELECT id, version, enabled AND deleted_at IS NULL AS enabled, effect, model_pattern AS "modelPattern",
      user_id AS "userId", group_id AS "groupId", role, provider_id AS "providerId",
      cache_seconds AS "cacheSeconds", cache_shared AS "cacheShared"
    FROM rules WHERE CASE WHEN $1::uuid[] IS NULL THEN deleted_at IS NULL ELSE id = ANY($1) END`,
    [ids],
  )
  return rows
}

/** These emergencies, or all that are not over. */
export async function listEmergencies(pool: pg.Pool, ids: readonly string[] | null): Promise<readonly EmergencyRow[]> {
  const { rows } = await pool.query<Omit<EmergencyRow, 'startedAt'> & { readonly startedAt: Date }>(
    `SELECT id, scope, subject_id AS "subjectId", started_at AS "startedAt", finished_at IS NOT NULL AS over
    FROM emergency_operations WHERE CASE WHEN $1::uuid[] IS NULL THEN finished_at IS NULL ELSE id = ANY($1) END`,
    [ids],
  )
  return rows.map((row) => ({ ...row, startedAt: row.startedAt.getTime() }))
}

/** These providers, or all of them. Deleted ones are not enabled. */
export async function listProviders(pool: pg.Pool, ids: readonly string[] | null): Promise<readonly ProviderRow[]> {
  const { rows } = await pool.query<Omit<ProviderRow, 'createdAt'> & { readonly createdAt: Date }>(
    `SELECT id, name, version, enabled AND deleted_at IS NULL AS enabled, kind, base_url AS "baseUrl",
      wire_format AS "wireFormat", api_version AS "apiVersion", auth_type AS "authType", auth_header AS "authHeader",
      sealed_credential AS "sealedCredential", enabled_models AS "enabledModels",
      discovered_models AS "discoveredModels", created_at AS "createdAt",
      connect_timeout_ms AS "connectTimeoutMs", first_byte_timeout_ms AS "firstByteTimeoutMs",
      idle_timeout_ms AS "idleTimeoutMs", total_timeout_ms AS "totalTimeoutMs", max_concurrency AS "maxConcurrency",
      repeats_unanswered AS "repeatsUnanswered", (
        SELECT coalesce(json_agg(json_build_object(
          'providerId', m.provider_id, 'order', m."order", 'weight', m.weight, 'models', m.models
        ) ORDER BY m."order", m.provider_id), '[]') FROM pool_members m WHERE m.pool_id = p.id
      ) AS members
    FROM providers p WHERE $1::uuid[] IS NULL OR id = ANY($1)`,
    [ids],
  )
  return rows.map((row) => ({ ...row, createdAt: row.createdAt.getTime() }))
}
