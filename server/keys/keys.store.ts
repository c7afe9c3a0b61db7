import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import { literally } from '../lib/search.ts'
import type { StoredSecret } from '../lib/secret.ts'
import { type ApiKeyStatus, EXPIRING_WITHIN_MS } from './key.ts'

export type ApiKeyRow = Prisma.ApiKeyGetPayload<object>

type Where = Prisma.ApiKeyWhereInput

/** The conditions of each status, in step with `statusOf`: what an earlier one claims, a later one excludes. */
function statusWhere(status: ApiKeyStatus, now: Date): Where {
  const soon = new Date(now.getTime() + EXPIRING_WITHIN_MS)
  const enabled: Where = { owner: { active: true, deletedAt: null }, provider: { enabled: true, deletedAt: null } }
  const living: Where = { deletedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] }
  const usable: Where = { AND: [living, enabled, { pending: false }] }
  const lingering = { supersededAt: { not: null }, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] }
  const single: Where = { secrets: { none: lingering } }
  const table = {
    DELETED: { deletedAt: { not: null } },
    EXPIRED: { deletedAt: null, expiresAt: { lte: now } },
    DISABLED: { AND: [living, { NOT: enabled }] },
    PENDING: { AND: [living, enabled, { pending: true }] },
    ROTATING: { AND: [usable, { secrets: { some: lingering } }] },
    EXPIRING: { AND: [usable, single, { expiresAt: { lte: soon } }] },
    ACTIVE: { AND: [usable, single, { OR: [{ expiresAt: null }, { expiresAt: { gt: soon } }] }] },
  } satisfies Record<ApiKeyStatus, Where>
  return table[status]
}

/** What a list of keys may be narrowed to. Null and undefined do not narrow. */
export type ApiKeyFilter = {
  readonly search?: string | null | undefined
  readonly ownerId?: string | null | undefined
  readonly creatorId?: string | null | undefined
  readonly providerId?: string | null | undefined
  readonly status?: readonly ApiKeyStatus[] | null | undefined
  readonly type?: readonly string[] | null | undefined
  readonly application?: string | null | undefined
  readonly environment?: string | null | undefined
  readonly deleted?: boolean | null | undefined
  readonly neverUsed?: boolean | null | undefined
  readonly expiresBefore?: Date | null | undefined
  readonly createdAfter?: Date | null | undefined
}

function searchWhere(search: string): Where {
  const contains = { contains: literally(search), mode: 'insensitive' } as const
  const publicId = search.replace(/^aic_/, '').slice(0, 12)
  return {
    OR: [
      { name: contains },
      { purpose: contains },
      { application: contains },
      ...(publicId ? [{ secrets: { some: { publicId: { startsWith: literally(publicId) } } } }] : []),
    ],
  }
}

function deletedWhere({ deleted, status }: ApiKeyFilter): Where {
  if (deleted === true) return { deletedAt: { not: null } }
  return deleted === false || !status?.includes('DELETED') ? { deletedAt: null } : {}
}

/** The rows a filter leaves. Deleted keys are left out unless the filter asks for them. */
export function toWhere(filter: ApiKeyFilter, now: Date): Where {
  const { status, search } = filter
  return {
    AND: [
      deletedWhere(filter),
      status && status.length > 0 ? { OR: status.map((one) => statusWhere(one, now)) } : {},
      search ? searchWhere(search) : {},
    ],
    ...(filter.ownerId && { ownerId: filter.ownerId }),
    ...(filter.creatorId && { creatorId: filter.creatorId }),
    ...(filter.providerId && { providerId: filter.providerId }),
    ...(filter.type && filter.type.length > 0 && { type: { in: [...filter.type] } }),
    ...(filter.application && { application: filter.application }),
    ...(filter.environment && { environment: filter.environment }),
    ...(filter.neverUsed && { lastUsedAt: null }),
    ...(filter.createdAfter && { createdAt: { gte: filter.createdAfter } }),
    ...(filter.expiresBefore && { expiresAt: { lt: filter.expiresBefore } }),
  }
}

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

/** Locks the rows until the transaction ends, in one order, so that two changes of the same keys queue up. */
export async function lockKeys(tx: Tx, ids: readonly string[]): Promise<ApiKeyRow[]> {
  await tx.$queryRaw`SELECT id FROM api_keys WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE`
  return tx.apiKey.findMany({ where: { id: { in: [...ids] } }, orderBy: { id: 'asc' } })
}

type NewKey = Prisma.ApiKeyUncheckedCreateInput & { readonly createdAt: Date }

export const insertKey = (tx: Tx, key: NewKey, secret: StoredSecret & { readonly id: string }) =>
  tx.apiKey.create({ data: { ...key, secrets: { create: { ...secret, createdAt: key.createdAt } } } })

export const updateKey = (tx: Tx, id: string, data: Prisma.ApiKeyUncheckedUpdateInput) =>
  tx.apiKey.update({ where: { id }, data: { ...data, version: { increment: 1 } } })

export const expireKeys = (tx: Tx, ids: readonly string[], at: Date) =>
  tx.apiKey.updateMany({ where: { id: { in: [...ids] } }, data: { expiresAt: at, version: { increment: 1 } } })

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
