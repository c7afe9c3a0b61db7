import type { Prisma } from '../generated/prisma/client.ts'
import type { UsageEnd } from '../generated/prisma/enums.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'

export type UsageEntryRow = Prisma.UsageEntryGetPayload<object>
type Where = Prisma.UsageEntryWhereInput

/** What the log may be narrowed to. Null and undefined do not narrow. */
export type UsageEntryFilter = {
  readonly from?: Date | null | undefined
  readonly to?: Date | null | undefined
  readonly ownerId?: string | null | undefined
  readonly keyId?: string | null | undefined
  readonly providerId?: string | null | undefined
  readonly answeredById?: string | null | undefined
  readonly model?: string | null | undefined
  readonly status?: readonly number[] | null | undefined
  readonly code?: readonly string[] | null | undefined
  readonly end?: readonly UsageEnd[] | null | undefined
  readonly errorsOnly?: boolean | null | undefined
}

const among = <Value>(values: readonly Value[] | null | undefined) =>
  values && values.length > 0 ? { in: [...values] } : undefined

// What a column of this kind can hold: any other number is the status of no request.
const isStatus = (status: number) => status >= 0 && status <= 999

export function toWhere(filter: UsageEntryFilter): Where {
  const { from, to, ownerId, keyId, providerId, answeredById, model } = filter
  const [code, end] = [among(filter.code), among(filter.end)]
  const status = filter.status && filter.status.length > 0 ? { in: filter.status.filter(isStatus) } : undefined
  return {
    AND: [
      from || to ? { startedAt: { ...(from && { gte: from }), ...(to && { lt: to }) } } : {},
      filter.errorsOnly ? { code: { not: null } } : {},
      status ? { status } : {},
      code ? { code } : {},
      end ? { end } : {},
    ],
    ...(ownerId && { ownerId }),
    ...(keyId && { keyId }),
    ...(providerId && { providerId }),
    ...(answeredById && { answeredById }),
    ...(model && { modelAsked: model }),
  }
}

export const listEntries = (tx: Tx, where: Where, keyset: Keyset) =>
  tx.usageEntry.findMany({
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })

export const listOldestFirst = (tx: Tx, where: Where) =>
  tx.usageEntry.findMany({ where, orderBy: [{ startedAt: 'asc' }, { id: 'asc' }] })

export const countEntries = (tx: Tx, where: Where) => tx.usageEntry.count({ where })
export const findEntry = (tx: Tx, where: Where) => tx.usageEntry.findFirst({ where })

/** What entries refer to, deleted or not: the log still says whose they were. */
export const findKeysOf = (tx: Tx, ids: readonly string[]) => tx.apiKey.findMany({ where: { id: { in: [...ids] } } })
export const findOwnersOf = (tx: Tx, ids: readonly string[]) => tx.user.findMany({ where: { id: { in: [...ids] } } })
export const findProvidersOf = (tx: Tx, ids: readonly string[]) =>
  tx.provider.findMany({ where: { id: { in: [...ids] } } })
