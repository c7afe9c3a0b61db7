import type pg from 'pg'
import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import { literally } from '../lib/search.ts'
import type { Price } from './price.ts'

type Where = Prisma.PriceWhereInput
export type PriceRow = Prisma.PriceGetPayload<object>

/** What a list of prices may be narrowed to. Null and undefined do not narrow. */
export type PriceFilter = {
  readonly search?: string | null | undefined
  readonly providerId?: string | null | undefined
}

export const toWhere = ({ search, providerId }: PriceFilter): Where => ({
  ...(search && { modelPattern: { contains: literally(search), mode: 'insensitive' } }),
  ...(providerId && { providerId }),
})

export const listPrices = (tx: Tx, where: Where, keyset: Keyset, query: object) =>
  tx.price.findMany({
    ...query,
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })

export const countPrices = (tx: Tx, where: Where) => tx.price.count({ where })
/** Locks the row until the transaction ends. Null when there is none. */
export async function lockPrice(tx: Tx, id: string): Promise<PriceRow | null> {
  await tx.$queryRaw`SELECT id FROM prices WHERE id = ${id}::uuid FOR UPDATE`
  return tx.price.findUnique({ where: { id } })
}

export const insertPrice = (tx: Tx, data: Prisma.PriceUncheckedCreateInput) => tx.price.create({ data })
export const insertPrices = (tx: Tx, data: Prisma.PriceCreateManyInput[]) => tx.price.createMany({ data })
export const deletePrice = (tx: Tx, id: string) => tx.price.delete({ where: { id } })

export const updatePrice = (tx: Tx, id: string, data: Prisma.PriceUncheckedUpdateInput) =>
  tx.price.update({ where: { id }, data: { ...data, version: { increment: 1 } } })

/** The provider with this id, locked against changes of its prices; null when there is none, or it is deleted. */
export async function lockProviderOfPrices(tx: Tx, id: string) {
  await tx.$queryRaw`SELECT id FROM providers WHERE id = ${id}::uuid FOR SHARE`
  return tx.provider.findFirst({ where: { id, deletedAt: null }, select: { id: true, name: true } })
}

/** The price of each pattern of a provider that is in force at an instant. */
export const listPricesInForce = (tx: Tx, providerId: string, at: Date) =>
  tx.price.findMany({
    where: { providerId, effectiveFrom: { lte: at } },
    orderBy: [{ modelPattern: 'asc' }, { effectiveFrom: 'desc' }],
    distinct: ['modelPattern'],
  })

type RawPrice = Omit<Price, 'inputMicros' | 'outputMicros' | 'cachedMicros'> & {
  readonly inputMicros: string
  readonly outputMicros: string
  readonly cachedMicros: string | null
}

/** Every price, for memory. */
export async function listAllPrices(pool: pg.Pool): Promise<readonly Price[]> {
  const { rows } = await pool.query<RawPrice>(
    `SELECT id, provider_id AS "providerId", model_pattern AS "modelPattern", effective_from AS "effectiveFrom",
      input_micros AS "inputMicros", output_micros AS "outputMicros", cached_micros AS "cachedMicros", currency
    FROM prices`,
  )
  return rows.map((row) => ({
    ...row,
    inputMicros: BigInt(row.inputMicros),
    outputMicros: BigInt(row.outputMicros),
    cachedMicros: row.cachedMicros === null ? null : BigInt(row.cachedMicros),
  }))
}

/** True when an amount of money is set anywhere: a price, or a limit that is not deleted. */
export const hasMoney = async (tx: Tx): Promise<boolean> =>
  (await tx.price.count()) > 0 || (await tx.limit.count({ where: { metric: 'MONEY', deletedAt: null } })) > 0
