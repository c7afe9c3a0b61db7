import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'

const usable = (now: Date): Prisma.PasswordTokenWhereInput => ({ usedAt: null, expiresAt: { gt: now } })

/** The person a link that still works is for. */
export const findLinkHolder = (tx: Tx, tokenHash: Uint8Array<ArrayBuffer>, now: Date) =>
  tx.passwordToken.findFirst({
    where: { AND: [usable(now), { tokenHash, user: { active: true, deletedAt: null } }] },
    select: { userId: true },
  })

/** False when the link does not work, or another request was quicker. */
export async function useLink(tx: Tx, tokenHash: Uint8Array<ArrayBuffer>, now: Date): Promise<boolean> {
  const { count } = await tx.passwordToken.updateMany({
    where: { AND: [usable(now), { tokenHash }] },
    data: { usedAt: now },
  })
  return count === 1
}

/** No earlier link of this person works any more. */
export const useUpLinks = (tx: Tx, userId: string, now: Date) =>
  tx.passwordToken.updateMany({ where: { userId, usedAt: null }, data: { usedAt: now } })

export const insertLink = (tx: Tx, data: Prisma.PasswordTokenUncheckedCreateInput) => tx.passwordToken.create({ data })
