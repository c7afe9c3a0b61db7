import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import { ABSOLUTE_MS, IDLE_MS, SEEN_EVERY_MS, type Session } from './session.ts'
import type { User } from './user.ts'

type Where = Prisma.SessionWhereInput

/** The same as `isLive`. */
export const liveSessionsOf = (userId: string, now: Date): Where => ({
  userId,
  endedAt: null,
  expiresAt: { gt: now },
  lastSeenAt: { gt: new Date(now.getTime() - IDLE_MS) },
})

export const findSessionByHash = (
  tx: Tx,
  tokenHash: Uint8Array<ArrayBuffer>,
): Promise<(Session & { user: User }) | null> =>
  tx.session.findUnique({ where: { tokenHash }, include: { user: true } })

export const listSessions = (tx: Tx, where: Where, keyset: Keyset): Promise<Session[]> =>
  tx.session.findMany({
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })

export const countSessions = (tx: Tx, where: Where) => tx.session.count({ where })

/** Also forgets the person's sessions that ended so long ago that not even their address counts any more. */
export async function insertSession(tx: Tx, data: Prisma.SessionUncheckedCreateInput & { createdAt: Date }) {
  const longAgo = new Date(data.createdAt.getTime() - ABSOLUTE_MS)
  await tx.session.deleteMany({ where: { userId: data.userId, expiresAt: { lt: longAgo } } })
  return tx.session.create({ data })
}

/** The condition keeps parallel requests from each writing, and a late one from writing an earlier time. */
export const touchSession = (tx: Tx, id: string, now: Date) =>
  tx.session.updateMany({
    where: { id, lastSeenAt: { lte: new Date(now.getTime() - SEEN_EVERY_MS) } },
    data: { lastSeenAt: now },
  })

/** Ends the sessions that have not ended and answers them as they are now. */
export const endSessions = (tx: Tx, where: Where, now: Date): Promise<Session[]> =>
  tx.session.updateManyAndReturn({ where: { AND: [where, { endedAt: null }] }, data: { endedAt: now } })

export const findSession = (tx: Tx, where: Where): Promise<Session | null> => tx.session.findFirst({ where })

/** True when the person has signed in before, but never from this address with this program. */
export async function isNewPlace(
  tx: Tx,
  userId: string,
  { address, userAgent }: { readonly address: string | null; readonly userAgent: string | null },
): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ isNew: boolean }[]>`
    SELECT count(*) > 0 AND NOT coalesce(bool_or(address IS NOT DISTINCT FROM ${address}::text
      AND user_agent IS NOT DISTINCT FROM ${userAgent}::text), false) AS "isNew"
    FROM sessions WHERE user_id = ${userId}::uuid`
  return row?.isNew ?? false
}
