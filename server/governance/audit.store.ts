import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'

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

type Window = { readonly after: bigint | null; readonly newestFirst: boolean; readonly take: number }

/** Entries beyond `after` in the asked direction. */
export const listEntries = (tx: Tx, filter: AuditEntryFilter, { after, newestFirst, take }: Window) =>
  tx.auditEntry.findMany({
    where: { AND: [toWhere(filter), after === null ? {} : { seq: newestFirst ? { lt: after } : { gt: after } }] },
    orderBy: { seq: newestFirst ? 'desc' : 'asc' },
    take,
  })

export const countEntries = (tx: Tx, filter: AuditEntryFilter) => tx.auditEntry.count({ where: toWhere(filter) })

export const getHead = (tx: Tx) => tx.auditHead.findUniqueOrThrow({ where: { id: 1 } })
