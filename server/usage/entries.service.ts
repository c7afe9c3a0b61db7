import { type PageArgs, toKeyset, toPage } from '../lib/page.ts'
import { isId } from '../lib/text.ts'
import { type Act, seesAll } from '../users/viewer.ts'
import { countBySums } from './count.store.ts'
import * as store from './entries.store.ts'

const sorting = (direction: 'ASC' | 'DESC') =>
  ({ column: 'startedAt', direction: direction === 'ASC' ? 'asc' : 'desc', nullable: false, dates: true }) as const

/** Users see the requests of the keys they own; administrators and auditors see all. */
export const visibleTo = ({ viewer }: Act) => (seesAll(viewer) ? {} : { ownerId: viewer.id })

/** A page of the log. */
export async function listUsageEntries(
  act: Act,
  args: PageArgs,
  filter: store.UsageEntryFilter,
  direction: 'ASC' | 'DESC',
) {
  const { prisma } = act.parts.db
  const impossible = [filter.ownerId, filter.keyId, filter.providerId].some((id) => id != null && !isId(id))
  if (impossible) return { ...toPage<store.UsageEntryRow>([], args, () => null), countAll: () => Promise.resolve(0) }
  const where = { AND: [visibleTo(act), store.toWhere(filter)] }
  const rows = await store.listEntries(prisma, where, toKeyset(args, sorting(direction)))
  const countAll = async () => {
    const counted = seesAll(act.viewer) ? await countBySums(act.parts.db.pool, filter, act.parts.clock.now()) : null
    return counted ?? store.countEntries(prisma, where)
  }
  return { ...toPage(rows, args, (row) => row.startedAt), countAll }
}

/** A version 7 UUID begins with its milliseconds: they lead to the one partition that can hold the entry. */
const partitionOf = (id: string) => {
  const at = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
  const aroundMs = 60_000
  return { gte: new Date(at - aroundMs), lte: new Date(at + aroundMs) }
}

/** Null when there is none of this id, or it is not the viewer's to see. */
export async function findUsageEntry(act: Act, id: string): Promise<store.UsageEntryRow | null> {
  if (!isId(id)) return null
  return store.findEntry(act.parts.db.prisma, { AND: [visibleTo(act), { id, startedAt: partitionOf(id) }] })
}
