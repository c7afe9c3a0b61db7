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
  if (isImpossible(filter))
    return { ...toPage<store.UsageEntryRow>([], args, () => null), countAll: () => Promise.resolve(0) }
  const where = { AND: [visibleTo(act), store.toWhere(filter)] }
  const rows = await store.listEntries(prisma, where, toKeyset(args, sorting(direction)))
  const countAll = async () => {
    const counted = seesAll(act.viewer) ? await countBySums(act.parts.db.pool, filter, act.parts.clock.now()) : null
    return counted ?? store.countEntries(prisma, where)
  }
  return { ...toPage(rows, args, (row) => row.startedAt), countAll }
}

/** True when the filter names something that cannot exist. */
export const isImpossible = ({ ownerId, keyId, providerId }: store.UsageEntryFilter): boolean =>
  [ownerId, keyId, providerId].some((id) => id != null && !isId(id))

const AROUND_MS = 60_000
const bornAt = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

/** Version 7 UUIDs begin with their milliseconds: they lead to the few partitions that can hold the entries. */
export function partitionsOf(ids: readonly string[]) {
  const instants = ids.map(bornAt)
  return { gte: new Date(Math.min(...instants) - AROUND_MS), lte: new Date(Math.max(...instants) + AROUND_MS) }
}

/** Null when there is none of this id, or it is not the viewer's to see. */
export async function findUsageEntry(act: Act, id: string): Promise<store.UsageEntryRow | null> {
  if (!isId(id)) return null
  return store.findEntry(act.parts.db.prisma, { AND: [visibleTo(act), { id, startedAt: partitionsOf([id]) }] })
}
