import type pg from 'pg'
import type { Prisma } from '../generated/prisma/client.ts'
import type { LimitMetric, LimitPeriod, LimitTarget } from '../generated/prisma/enums.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import { literally } from '../lib/search.ts'
import type { Limit } from './limit.ts'

type Where = Prisma.LimitWhereInput

/** What a list of limits may be narrowed to. Null and undefined do not narrow. */
export type LimitFilter = {
  readonly search?: string | null | undefined
  readonly target?: readonly LimitTarget[] | null | undefined
  readonly metric?: readonly LimitMetric[] | null | undefined
  readonly period?: readonly LimitPeriod[] | null | undefined
  readonly enabled?: boolean | null | undefined
  readonly keyId?: string | null | undefined
  readonly userId?: string | null | undefined
  readonly groupId?: string | null | undefined
  readonly providerId?: string | null | undefined
}

const among = <Value>(values: readonly Value[] | null | undefined) =>
  values && values.length > 0 ? { in: [...values] } : undefined

export function toWhere(filter: LimitFilter): Where {
  const { search, enabled, keyId, userId, groupId, providerId } = filter
  const [target, metric, period] = [among(filter.target), among(filter.metric), among(filter.period)]
  const contains = { contains: literally(search ?? ''), mode: 'insensitive' } as const
  return {
    deletedAt: null,
    ...(search && { OR: [{ name: contains }, { modelPattern: contains }] }),
    ...(enabled != null && { enabled }),
    ...(target && { target }),
    ...(metric && { metric }),
    ...(period && { period }),
    ...(keyId && { keyId }),
    ...(userId && { userId }),
    ...(groupId && { groupId }),
    ...(providerId && { providerId }),
  }
}

export const listLimits = (tx: Tx, where: Where, keyset: Keyset, query: object) =>
  tx.limit.findMany({
    ...query,
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })

export const countLimits = (tx: Tx, where: Where) => tx.limit.count({ where })
export const findLimit = (tx: Tx, where: Where): Promise<Limit | null> => tx.limit.findFirst({ where })

/** Locks the row until the transaction ends. Null when there is none, or it is deleted. */
export async function lockLimit(tx: Tx, id: string): Promise<Limit | null> {
  await tx.$queryRaw`SELECT id FROM limits WHERE id = ${id}::uuid FOR UPDATE`
  return tx.limit.findFirst({ where: { id, deletedAt: null } })
}

export const insertLimit = (tx: Tx, data: Prisma.LimitUncheckedCreateInput): Promise<Limit> => tx.limit.create({ data })

export const updateLimit = (tx: Tx, id: string, data: Prisma.LimitUncheckedUpdateInput): Promise<Limit> =>
  tx.limit.update({ where: { id }, data: { ...data, version: { increment: 1 } } })

/** False when there is no key of this id, or it is deleted. It stays until the transaction ends. */
export const holdsKey = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx.$queryRaw<[]>`SELECT 1 FROM api_keys WHERE id = ${id}::uuid AND deleted_at IS NULL FOR KEY SHARE`).length >
  0

/** Whom a request is of and to; the model aside. */
type Parties = {
  readonly keyId: string | null
  readonly userId: string
  readonly groupIds: readonly string[]
  readonly providerId: string
}

/** Enabled limits that can concern requests of any of these, the oldest first. */
export const listLimitsOf = (tx: Tx, all: readonly Parties[]): Promise<Limit[]> =>
  tx.limit.findMany({
    where: {
      enabled: true,
      deletedAt: null,
      OR: [
        { keyId: { in: all.flatMap(({ keyId }) => keyId ?? []) } },
        { userId: { in: all.map(({ userId }) => userId) } },
        { groupId: { in: all.flatMap(({ groupIds }) => groupIds) } },
        { providerId: { in: all.map(({ providerId }) => providerId) } },
        { target: { in: ['MODEL', 'EVERYTHING'] } },
      ],
    },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    take: 1000,
  })

const concerns = ({ keyId, userId, groupIds, providerId }: Parties, limit: Limit) =>
  limit.target === 'MODEL' ||
  limit.target === 'EVERYTHING' ||
  (keyId !== null && limit.keyId === keyId) ||
  limit.userId === userId ||
  limit.providerId === providerId ||
  groupIds.includes(limit.groupId ?? '')

const inGroups = { memberships: { where: { group: { deletedAt: null } }, select: { groupId: true } } } as const

/** The groups of a person. */
export async function listGroupIds(tx: Tx, userId: string): Promise<readonly string[]> {
  const user = await tx.user.findUnique({ where: { id: userId }, select: inGroups })
  return (user?.memberships ?? []).map(({ groupId }) => groupId)
}

/** Enabled limits that can concern a request with this key, by key id. */
export async function listLimitsOfKeys(tx: Tx, keyIds: readonly string[]): Promise<Map<string, Limit[]>> {
  const keys = await tx.apiKey.findMany({
    where: { id: { in: [...keyIds] } },
    select: { id: true, ownerId: true, providerId: true, owner: { select: inGroups } },
  })
  const parties = keys.map(({ id, ownerId, providerId, owner }) => {
    const groupIds = owner.memberships.map(({ groupId }) => groupId)
    return { keyId: id, userId: ownerId, groupIds, providerId }
  })
  const limits = await listLimitsOf(tx, parties)
  return new Map(parties.map((one) => [one.keyId, limits.filter((limit) => concerns(one, limit))]))
}

/** What was used of a window, and what is promised to requests under way. */
export type WindowState = {
  readonly limitId: string
  readonly startsAt: Date
  readonly used: bigint
  readonly reserved: bigint
}

const STATES = `
  SELECT w.limit_id AS "limitId", w.starts_at AS "startsAt", w.used + h.unstored AS used, h.reserved
  FROM unnest($1::uuid[], $2::timestamptz[]) AS wanted (limit_id, since)
  CROSS JOIN LATERAL (
    SELECT * FROM limit_windows w WHERE w.limit_id = wanted.limit_id AND w.starts_at >= wanted.since
    ORDER BY w.starts_at DESC LIMIT 1
  ) w
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(unstored), 0)::bigint AS unstored,
      coalesce(sum(l.reserved) FILTER (WHERE n.id IS NOT NULL), 0)::bigint AS reserved
    FROM limit_leases l LEFT JOIN limit_nodes n ON n.id = l.node_id AND n.expires_at > $3
    WHERE l.limit_id = w.limit_id AND l.starts_at = w.starts_at
  ) h`

/** The newest window of each limit that begins at or after the instant beside it; limits without one are left out. */
export async function readWindows(
  pool: pg.Pool,
  limits: readonly { readonly id: string; readonly since: Date }[],
  now: Date,
): Promise<readonly WindowState[]> {
  type Row = Omit<WindowState, 'used' | 'reserved'> & { readonly used: string; readonly reserved: string }
  const values = [limits.map(({ id }) => id), limits.map(({ since }) => since), now]
  const { rows } = await pool.query<Row>(STATES, values)
  return rows.map((row) => ({ ...row, used: BigInt(row.used), reserved: BigInt(row.reserved) }))
}
