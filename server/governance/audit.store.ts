import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { SignedCheckpoint } from './audit-checkpoint.ts'

export type AuditEntryRow = Prisma.AuditEntryGetPayload<object>

/** What the audit log may be narrowed to. Null and undefined do not narrow. */
export type AuditEntryFilter = {
  readonly actorId?: string | null | undefined
  readonly subjectType?: string | null | undefined
  readonly subjectId?: string | null | undefined
  readonly action?: string | null | undefined
  readonly actorName?: string | null | undefined
  readonly requestId?: string | null | undefined
  readonly address?: string | null | undefined
  readonly from?: Date | null | undefined
  readonly to?: Date | null | undefined
}

const toWhere = ({ from, to, ...exact }: AuditEntryFilter): Prisma.AuditEntryWhereInput => ({
  ...Object.fromEntries(Object.entries(exact).filter(([, value]) => value != null)),
  ...((from || to) && { at: { ...(from && { gte: from }), ...(to && { lt: to }) } }),
})

/** `above` and `below`: numbers that themselves are not meant. */
type Window = {
  readonly above?: bigint | null
  readonly below?: bigint | null
  readonly newestFirst: boolean
  readonly take: number
}

export const listEntries = (tx: Tx, filter: AuditEntryFilter, { above, below, newestFirst, take }: Window) =>
  tx.auditEntry.findMany({
    where: { ...toWhere(filter), seq: { ...(above != null && { gt: above }), ...(below != null && { lt: below }) } },
    orderBy: { seq: newestFirst ? 'desc' : 'asc' },
    take,
  })

export const countEntries = (tx: Tx, filter: AuditEntryFilter) => tx.auditEntry.count({ where: toWhere(filter) })

export const getHead = (tx: Tx) => tx.auditHead.findUniqueOrThrow({ where: { id: 1 } })

/** A place in the chain: an entry and its hash. */
export type ChainPlace = { readonly seq: bigint; readonly hash: Uint8Array<ArrayBuffer> }

/** The newest checkpoint; null: nothing was ever removed. */
export const findCheckpoint = (tx: Tx): Promise<SignedCheckpoint | null> =>
  tx.auditCheckpoint.findFirst({ orderBy: { seq: 'desc' } })

export const insertCheckpoint = (tx: Tx, data: SignedCheckpoint) => tx.auditCheckpoint.create({ data })

/** Answers how many entries there were up to this one. */
export const deleteEntries = (tx: Tx, upTo: bigint): Promise<number> =>
  tx.$executeRaw`DELETE FROM audit_entries WHERE seq <= ${upTo}`
