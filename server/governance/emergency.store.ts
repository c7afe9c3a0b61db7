import type pg from 'pg'
import type { Prisma } from '../generated/prisma/client.ts'
import type { ApiKeyRow } from '../keys/keys.store.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import type { EmergencyScope, Target } from './emergency.ts'

export type Operation = Prisma.EmergencyOperationGetPayload<object>

// Fragments of SQL, never values: each is chosen by a closed set of words.
const OF = {
  USER: 'k.owner_id = $1',
  GROUP: 'k.owner_id IN (SELECT user_id FROM group_members WHERE group_id = $1)',
  PROVIDER: 'k.provider_id = $1',
  ALL: '$1::uuid IS NULL',
} as const satisfies Record<EmergencyScope, string>

const living = (scope: EmergencyScope) =>
  `${OF[scope]} AND k.deleted_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)`

/** A key that would end though something calls with it. */
export type BusyKey = {
  readonly id: string
  readonly name: string
  readonly application: string | null
  readonly ownerName: string
  readonly requestCount: number
}

export type Traffic = {
  readonly keyCount: number
  readonly usedKeyCount: number
  readonly requestCount: number
  readonly ownerCount: number
  readonly applicationCount: number
  /** The busiest first, no more than `MAX_BUSY`. */
  readonly busiest: readonly BusyKey[]
}

const MAX_BUSY = 20

const TRAFFIC = (scope: EmergencyScope) => `
  WITH dying AS MATERIALIZED (SELECT k.id, k.name, k.application, k.owner_id FROM api_keys k WHERE ${living(scope)}),
  used AS (
    SELECT key_id, sum(requests)::float8 AS requests FROM usage_rollups
    WHERE hour >= $3 AND key_id IN (SELECT id FROM dying) GROUP BY key_id
  ), busy AS (SELECT dying.*, used.requests FROM used JOIN dying ON dying.id = used.key_id)
  SELECT (SELECT count(*) FROM dying)::int AS "keyCount", count(*)::int AS "usedKeyCount",
    coalesce(sum(requests), 0)::float8 AS "requestCount", count(DISTINCT owner_id)::int AS "ownerCount",
    count(DISTINCT application)::int AS "applicationCount",
    coalesce((SELECT jsonb_agg(top ORDER BY top."requestCount" DESC) FROM (
      SELECT b.id, b.name, b.application, owner.display_name AS "ownerName", b.requests AS "requestCount"
      FROM busy b JOIN users owner ON owner.id = b.owner_id ORDER BY b.requests DESC, b.id LIMIT ${MAX_BUSY}
    ) top), '[]') AS busiest
  FROM busy`

/** How many keys would end, and what they and those who call with them did since an instant. */
export async function readTraffic(pool: pg.Pool, { scope, id }: Target, now: Date, since: Date): Promise<Traffic> {
  const { rows } = await pool.query<Traffic>(TRAFFIC(scope), [id, now, since])
  const [traffic] = rows
  if (!traffic) throw new Error('a sum has one row')
  return traffic
}

/** How many keys would end. */
export async function countDying(pool: pg.Pool, { scope, id }: Target, now: Date): Promise<number> {
  const text = `SELECT count(*)::int AS count FROM api_keys k WHERE ${living(scope)}`
  const { rows } = await pool.query<{ count: number }>(text, [id, now])
  return rows[0]?.count ?? 0
}

type Next = { readonly after: string; readonly take: number }

/** The next living keys of an operation, by id: those that were there when it began. */
export async function listDying(
  pool: pg.Pool,
  { scope, subjectId, startedAt }: Operation,
  { now, after, take }: Next & { readonly now: Date },
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT k.id FROM api_keys k WHERE ${living(scope)} AND k.created_at <= $3 AND k.id > $4 ORDER BY k.id LIMIT $5`,
    [subjectId, now, startedAt, after, take],
  )
  return rows.map(({ id }) => id)
}

/** What a target is called: the word that has to be typed. Null: there is no such target. */
export async function findName(tx: Tx, { scope, id }: Target): Promise<string | null> {
  if (id === null) return null
  const where = { id, deletedAt: null }
  if (scope === 'USER') return (await tx.user.findFirst({ where: { id } }))?.username ?? null
  if (scope === 'GROUP') return (await tx.group.findFirst({ where }))?.name ?? null
  return (await tx.provider.findFirst({ where: { id } }))?.name ?? null
}

export const insertOperation = (tx: Tx, data: Prisma.EmergencyOperationUncheckedCreateInput) =>
  tx.emergencyOperation.create({ data })

export const findOperation = (tx: Tx, id: string) => tx.emergencyOperation.findUnique({ where: { id } })

export const listOperations = (tx: Tx, keyset: Keyset) =>
  tx.emergencyOperation.findMany({ where: keyset.where, orderBy: [...keyset.orderBy], take: keyset.take })

export const countOperations = (tx: Tx) => tx.emergencyOperation.count()

/** Operations with something left to do, begun or undone before an instant, the oldest first. */
export const listUnfinished = (tx: Tx, before: Date) =>
  tx.emergencyOperation.findMany({
    where: {
      OR: [
        { finishedAt: null, startedAt: { lte: before } },
        { restoredAt: null, undoneAt: { lte: before } },
      ],
    },
    orderBy: { startedAt: 'asc' },
  })

/** Locks the operation until the transaction ends: nothing is ended for it while it is being undone. */
export async function lockOperation(tx: Tx, id: string): Promise<Operation | null> {
  await tx.$queryRaw`SELECT 1 FROM emergency_operations WHERE id = ${id}::uuid FOR UPDATE`
  return findOperation(tx, id)
}

export const updateOperation = (tx: Tx, id: string, data: Prisma.EmergencyOperationUncheckedUpdateInput) =>
  tx.emergencyOperation.update({ where: { id }, data })

export async function recordEnded(tx: Tx, operationId: string, keys: readonly ApiKeyRow[], expiredAt: Date) {
  // One parameter for all rows: many single ones would hold up the event loop.
  const rows = JSON.stringify(keys.map(({ id, expiresAt }) => ({ id, previously: expiresAt })))
  await tx.$executeRaw`
    INSERT INTO emergency_keys (operation_id, key_id, expired_at, previously)
    SELECT ${operationId}::uuid, id, ${expiredAt}::timestamptz, previously
    FROM jsonb_to_recordset(${rows}::jsonb) AS ended (id uuid, previously timestamptz) ON CONFLICT DO NOTHING`
  await tx.emergencyOperation.update({ where: { id: operationId }, data: { endedKeys: { increment: keys.length } } })
}

/** The next keys that an operation ended, by id. */
export async function listRestorable(pool: pg.Pool, operationId: string, { after, take }: Next): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT key_id AS id FROM emergency_keys WHERE operation_id = $1 AND key_id > $2 AND restored_at IS NULL
     ORDER BY key_id LIMIT $3`,
    [operationId, after, take],
  )
  return rows.map(({ id }) => id)
}

type Restorable = { readonly keyId: string; readonly previously: Date | null }

/**
 * Those of these keys that nothing else has touched since the operation ended them: not reported as leaked, not
 * deleted, and still with the expiry that it gave them.
 */
export const findRestorable = (tx: Tx, operationId: string, ids: readonly string[]): Promise<Restorable[]> =>
  tx.$queryRaw<Restorable[]>`
    SELECT e.key_id AS "keyId", e.previously FROM emergency_keys e JOIN api_keys k ON k.id = e.key_id
    WHERE e.operation_id = ${operationId}::uuid AND e.key_id = ANY(${ids}::uuid[]) AND e.restored_at IS NULL
      AND k.expires_at = e.expired_at AND k.leaked_at IS NULL AND k.deleted_at IS NULL`

/** Gives keys the expiry back that they had. */
export async function restoreKeys(tx: Tx, operationId: string, keyIds: readonly string[], at: Date): Promise<void> {
  await tx.$executeRaw`
    UPDATE api_keys SET expires_at = e.previously, version = version + 1
    FROM emergency_keys e WHERE e.operation_id = ${operationId}::uuid AND e.key_id = api_keys.id
      AND api_keys.id = ANY(${keyIds}::uuid[])`
  await tx.$executeRaw`
    UPDATE emergency_keys SET restored_at = ${at}::timestamptz
    WHERE operation_id = ${operationId}::uuid AND key_id = ANY(${keyIds}::uuid[])`
  await tx.$executeRaw`
    UPDATE emergency_operations SET restored_keys = restored_keys + ${keyIds.length} WHERE id = ${operationId}::uuid`
}
