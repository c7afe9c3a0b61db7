import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import { literally } from '../lib/search.ts'
import { type Member, storedRenames } from './pool.ts'

export type ProviderRow = Prisma.ProviderGetPayload<object>
type Where = Prisma.ProviderWhereInput

/** What a list of providers may be narrowed to. Null and undefined do not narrow. */
export type ProviderFilter = {
  readonly search?: string | null | undefined
  readonly enabled?: boolean | null | undefined
}

export const toWhere = ({ search, enabled }: ProviderFilter): Where => ({
  deletedAt: null,
  ...(enabled != null && { enabled }),
  ...(search && { name: { contains: literally(search), mode: 'insensitive' } }),
})

export const listProviders = (tx: Tx, where: Where, keyset: Keyset, query: object) =>
  tx.provider.findMany({
    ...query,
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })

export const countProviders = (tx: Tx, where: Where) => tx.provider.count({ where })
export const findProvider = (tx: Tx, where: Where) => tx.provider.findFirst({ where })

/** Locks the row until the transaction ends. Null when there is none, or it is deleted. */
export async function lockProvider(tx: Tx, id: string): Promise<ProviderRow | null> {
  await tx.$queryRaw`SELECT id FROM providers WHERE id = ${id}::uuid FOR NO KEY UPDATE`
  return tx.provider.findFirst({ where: { id, deletedAt: null } })
}

/** Those of them that are not deleted. */
export const listProvidersOf = (tx: Tx, ids: readonly string[]) =>
  tx.provider.findMany({ where: { id: { in: [...ids] }, deletedAt: null } })

/** The pools that a provider is in. */
export const listPoolsOf = (tx: Tx, providerId: string) =>
  tx.provider.findMany({ where: { deletedAt: null, members: { some: { providerId } } } })

/** The members of a pool that are not deleted, first those that are asked first. */
export async function listMembers(tx: Tx, poolId: string): Promise<readonly Member[]> {
  const rows = await tx.poolMember.findMany({ where: { poolId, provider: { deletedAt: null } }, orderBy: MEMBER_ORDER })
  return rows.map(({ providerId, order, weight, models }) => ({
    providerId,
    order,
    weight,
    models: storedRenames.parse(models),
  }))
}

export const MEMBER_ORDER = [
  { order: 'asc' },
  { weight: 'desc' },
  { providerId: 'asc' },
] as const satisfies Prisma.PoolMemberOrderByWithRelationInput[]

const toRows = (members: readonly Member[]) =>
  members.map(({ models, ...member }) => ({ ...member, models: models.map((rename) => ({ ...rename })) }))

export const insertProvider = (
  tx: Tx,
  data: Omit<Prisma.ProviderUncheckedCreateInput, 'members'>,
  members: readonly Member[],
) => tx.provider.create({ data: { ...data, members: { create: toRows(members) } } })

/** Undefined members stay as they are. */
export const updateProvider = (
  tx: Tx,
  id: string,
  data: Omit<Prisma.ProviderUncheckedUpdateInput, 'members'>,
  members?: readonly Member[],
) =>
  tx.provider.update({
    where: { id },
    data: {
      ...data,
      version: { increment: 1 },
      ...(members && { members: { deleteMany: {}, create: toRows(members) } }),
    },
  })
