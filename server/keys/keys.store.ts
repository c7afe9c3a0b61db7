import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import type { StoredSecret } from '../lib/secret.ts'

export type ApiKeyRow = Prisma.ApiKeyGetPayload<object>

type Where = Prisma.ApiKeyWhereInput

export const listKeys = (tx: Tx, where: Where, keyset: Keyset, query: object) =>
  tx.apiKey.findMany({
    ...query,
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })

export const countKeys = (tx: Tx, where: Where) => tx.apiKey.count({ where })

export const findKey = (tx: Tx, where: Where) => tx.apiKey.findFirst({ where })

export const findKeyTypes = async (tx: Tx) => {
  const types = await tx.keyType.findMany({ orderBy: [{ createdAt: 'asc' }, { name: 'asc' }] })
  return types.map(({ name }) => name)
}

const lockSome = (tx: Tx, ids: readonly string[]): Promise<ApiKeyRow[]> => tx.$queryRaw<ApiKeyRow[]>`
  SELECT id, name, owner_id AS "ownerId", creator_id AS "creatorId", provider_id AS "providerId", type, purpose,
    application, environment, fields, created_at AS "createdAt", expires_at AS "expiresAt",
    last_used_at AS "lastUsedAt", deleted_at AS "deletedAt", leaked_at AS "leakedAt", pending, models, addresses,
    endpoints::text[] AS endpoints, version, search_text AS "searchText"
  FROM api_keys WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE`

/** So many rows are read in one go: a thousand would hold up everybody else on this node. */
const SLICE = 200

/** Locks the rows until the transaction ends, in one order, so that two changes of the same keys queue up. */
export async function lockKeys(tx: Tx, ids: readonly string[]): Promise<ApiKeyRow[]> {
  const ordered = ids.toSorted()
  const rows: ApiKeyRow[] = []
  for (let from = 0; from < ordered.length; from += SLICE) {
    rows.push(...(await lockSome(tx, ordered.slice(from, from + SLICE))))
  }
  return rows
}

type NewKey = Prisma.ApiKeyUncheckedCreateInput & { readonly createdAt: Date }

export const insertKey = (tx: Tx, key: NewKey, secret: StoredSecret & { readonly id: string }) =>
  tx.apiKey.create({ data: { ...key, secrets: { create: { ...secret, createdAt: key.createdAt } } } })

export const updateKey = (tx: Tx, id: string, data: Prisma.ApiKeyUncheckedUpdateInput) =>
  tx.apiKey.update({ where: { id }, data: { ...data, version: { increment: 1 } } })

export const expireKeys = (tx: Tx, ids: readonly string[], at: Date): Promise<number> => tx.$executeRaw`
  UPDATE api_keys SET expires_at = ${at}::timestamptz, version = version + 1 WHERE id = ANY(${ids}::uuid[])`

/** Who a key is to belong to and which provider it is to open, if both exist and are in use. */
export const findOwner = (tx: Tx, id: string) => tx.user.findFirst({ where: { id, deletedAt: null } })
export const findProvider = (tx: Tx, id: string) => tx.provider.findFirst({ where: { id, deletedAt: null } })

type Idempotency = { readonly userId: string; readonly operation: string; readonly key: string }

export const findIdempotent = (tx: Tx, by: Idempotency) =>
  tx.idempotencyKey.findUnique({ where: { userId_operation_key: by } })

/** False when another transaction has recorded the same one before; waits for it when it is still running. */
export async function recordIdempotent(tx: Tx, by: Idempotency, inputHash: Uint8Array, resultId: string) {
  const inserted = await tx.$executeRaw`
    INSERT INTO idempotency_keys (user_id, operation, key, input_hash, result_id)
    VALUES (${by.userId}::uuid, ${by.operation}, ${by.key}, ${inputHash}, ${resultId}::uuid) ON CONFLICT DO NOTHING`
  return inserted === 1
}
