import { type PageArgs, toKeyset, toPage } from '../lib/page.ts'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { isId } from '../lib/text.ts'
import * as store from './notices.store.ts'
import type { Act } from './viewer.ts'

const SORTING = { column: 'at', direction: 'desc', nullable: false, dates: true } as const
const MAX_MARKED = 100

/** A page of what the viewer was told, the newest first. Nobody reads another person's. */
export async function listNotices({ parts, viewer }: Act, args: PageArgs, filter: { readonly unread: boolean }) {
  const { prisma } = parts.db
  const where = { userId: viewer.id, ...(filter.unread && { readAt: null }) }
  const page = toPage(await store.listNotices(prisma, where, toKeyset(args, SORTING)), args, SORTING)
  return { ...page, countAll: () => store.countNotices(prisma, where) }
}

export const countUnread = ({ parts, viewer }: Act): Promise<number> =>
  store.countNotices(parts.db.prisma, { userId: viewer.id, readAt: null })

/**
 * Marks notices of the viewer as read; null: all of them. Answers how many were unread. What a person has seen is no
 * change of the installation, so it has no audit entry. Throws `NotFound`, `InvalidInput`.
 */
export async function markNoticesRead({ parts, viewer }: Act, ids: readonly string[] | null): Promise<number> {
  const { prisma } = parts.db
  if (ids === null) return store.markRead(prisma, { userId: viewer.id }, parts.clock.now())
  if (ids.length > MAX_MARKED) throw new InvalidInput([{ path: 'ids', message: `must have ${MAX_MARKED} or fewer.` }])
  const where = { userId: viewer.id, id: { in: [...new Set(ids)] } }
  const known = ids.every(isId) ? await store.countNotices(prisma, where) : -1
  if (known !== where.id.in.length) throw new NotFound('notice')
  return store.markRead(prisma, where, parts.clock.now())
}
