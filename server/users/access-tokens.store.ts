import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import type { AccessToken } from './access-token.ts'
import { SEEN_EVERY_MS } from './session.ts'
import type { User } from './user.ts'

type Where = Prisma.AccessTokenWhereInput

export const findTokenByPublicId = (tx: Tx, publicId: string): Promise<(AccessToken & { user: User }) | null> =>
  tx.accessToken.findUnique({ where: { publicId }, include: { user: true } })

export const listTokens = (tx: Tx, where: Where, keyset: Keyset): Promise<AccessToken[]> =>
  tx.accessToken.findMany({
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })

export const countTokens = (tx: Tx, where: Where) => tx.accessToken.count({ where })

export const insertToken = (tx: Tx, data: Prisma.AccessTokenUncheckedCreateInput): Promise<AccessToken> =>
  tx.accessToken.create({ data })

/** The condition keeps parallel requests from each writing, and a late one from writing an earlier time. */
export const touchToken = (tx: Tx, id: string, now: Date) =>
  tx.accessToken.updateMany({
    where: { id, OR: [{ lastUsedAt: null }, { lastUsedAt: { lte: new Date(now.getTime() - SEEN_EVERY_MS) } }] },
    data: { lastUsedAt: now },
  })

/** Revokes the tokens that are not revoked and answers them as they are now. */
export const revokeTokens = (tx: Tx, where: Where, now: Date): Promise<AccessToken[]> =>
  tx.accessToken.updateManyAndReturn({ where: { AND: [where, { revokedAt: null }] }, data: { revokedAt: now } })

export const findToken = (tx: Tx, where: Where): Promise<AccessToken | null> => tx.accessToken.findFirst({ where })
