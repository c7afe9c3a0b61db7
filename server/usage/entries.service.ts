import { UsageEnd } from '../generated/prisma/enums.ts'
import { type PageArgs, toKeyset, toPage } from '../lib/page.ts'
import { areIds, isId } from '../lib/text.ts'
import { readSettings } from '../users/installation.store.ts'
import { type Act, seesAll } from '../users/viewer.ts'
import { countBySums } from './count.store.ts'
import * as store from './entries.store.ts'

const sorting = (direction: 'ASC' | 'DESC') =>
  ({ column: 'startedAt', direction: direction === 'ASC' ? 'asc' : 'desc', nullable: false, dates: true }) as const

/** Users see the requests of the keys they own; administrators and auditors see all. */
export const visibleTo = ({ viewer }: Act) => (seesAll(viewer) ? {} : { ownerId: viewer.id })

/** True when nothing can be found: an id that is none, or another person's requests. */
export function isImpossible(
  { viewer }: Act,
  { ownerId, keyId, providerId, answeredById }: store.UsageEntryFilter,
): boolean {
  if (!areIds(ownerId, keyId, providerId, answeredById)) return true
  return ownerId != null && ownerId !== viewer.id && !seesAll(viewer)
}

/** A page of the log. */
export async function listUsageEntries(
  act: Act,
  args: PageArgs,
  filter: store.UsageEntryFilter,
  direction: 'ASC' | 'DESC',
) {
  if (isImpossible(act, filter)) {
    const nothing: readonly store.UsageEntryRow[] = []
    return { ...toPage(nothing, args, sorting(direction)), countAll: () => Promise.resolve(0) }
  }
  const visible = { ...filter, ...visibleTo(act) }
  const rows = await store.listEntries(act.parts.db.prisma, store.toWhere(visible), toKeyset(args, sorting(direction)))
  return { ...toPage(rows, args, sorting(direction)), countAll: () => countAll(act, visible) }
}

/**
 * Sums do not know how requests ended, nor who of a pool answered. Nearly all ended well: the others are quickly counted
 * one by one.
 */
async function countAll({ parts }: Act, { end, answeredById, ...filter }: store.UsageEntryFilter): Promise<number> {
  const { db, clock } = parts
  if (answeredById) return store.countEntries(db.prisma, store.toWhere({ ...filter, end, answeredById }))
  const countEnds = (ends: readonly UsageEnd[]) =>
    store.countEntries(db.prisma, store.toWhere({ ...filter, end: ends }))
  if (end && end.length > 0 && !end.includes('COMPLETE')) return countEnds(end)
  const { timeZone } = await readSettings(db.prisma)
  const all = await countBySums(db.reports, filter, { now: clock.now(), timeZone })
  const others = end && end.length > 0 ? Object.values(UsageEnd).filter((one) => !end.includes(one)) : []
  return others.length > 0 ? all - (await countEnds(others)) : all
}

const AROUND_MS = 1_000
const bornAt = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

/** An entry's id is a version 7 UUID and begins with the milliseconds of its request: that is where to look for it. */
export function timesOf(ids: readonly string[]) {
  const instants = ids.map(bornAt)
  return { gte: new Date(Math.min(...instants) - AROUND_MS), lte: new Date(Math.max(...instants) + AROUND_MS) }
}

/** Null when there is none of this id, or it is not the viewer's to see. */
export async function findUsageEntry(act: Act, id: string): Promise<store.UsageEntryRow | null> {
  if (!isId(id)) return null
  return store.findEntry(act.parts.db.prisma, { AND: [visibleTo(act), { id, startedAt: timesOf([id]) }] })
}
