import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import { literally } from '../lib/search.ts'

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

export const insertProvider = (tx: Tx, data: Prisma.ProviderUncheckedCreateInput) => tx.provider.create({ data })

export const updateProvider = (tx: Tx, id: string, data: Prisma.ProviderUncheckedUpdateInput) =>
  tx.provider.update({ where: { id }, data: { ...data, version: { increment: 1 } } })
