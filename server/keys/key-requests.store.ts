import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import type { StoredSecret } from '../lib/secret.ts'
import type { KeyRequest, KeyRequestStatus } from './key-request.ts'

type Where = Prisma.KeyRequestWhereInput

const WITH_KEY = {
  key: { include: { provider: { select: { name: true } }, owner: { select: { id: true, displayName: true } } } },
  requester: { select: { displayName: true } },
  decidedBy: { select: { displayName: true } },
} as const satisfies Prisma.KeyRequestInclude

/**
 * A request with what an approver has to know of its key. Not to be read inside a transaction: Prisma loads relations
 * side by side, and a transaction has one connection.
 */
export type KeyRequestRow = Prisma.KeyRequestGetPayload<{ include: typeof WITH_KEY }>

export const insertRequest = (
  tx: Tx,
  data: Pick<KeyRequest, 'id' | 'keyId' | 'requesterId' | 'lifetimeIsDefault' | 'createdAt' | 'expiresAt'>,
) => tx.keyRequest.create({ data })

export const listRequests = (tx: Tx, where: Where, keyset: Keyset): Promise<KeyRequestRow[]> =>
  tx.keyRequest.findMany({
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
    include: WITH_KEY,
  })

export const countRequests = (tx: Tx, where: Where) => tx.keyRequest.count({ where })

export const findRequest = (tx: Tx, where: Where) => tx.keyRequest.findFirst({ where, include: WITH_KEY })

/** Locks the request until the transaction ends. */
export async function lockRequest(tx: Tx, where: Where & { readonly id: string }): Promise<KeyRequest | null> {
  await tx.$queryRaw`SELECT 1 FROM key_requests WHERE id = ${where.id}::uuid FOR UPDATE`
  return tx.keyRequest.findFirst({ where })
}

/** Requests that this status has at this instant. */
export const statusWhere = (status: KeyRequestStatus, now: Date): Where => {
  if (status === 'PENDING') return { status, expiresAt: { gt: now } }
  if (status === 'EXPIRED') return { OR: [{ status }, { status: 'PENDING', expiresAt: { lte: now } }] }
  return { status }
}

/** Requests of keys whose policy lets a group of this person approve. */
export const approvableBy = (userId: string): Where => ({
  key: {
    keyType: { policy: { approverGroup: { deletedAt: null, members: { some: { userId } } } } },
  },
})

export const updateRequest = (tx: Tx, id: string, data: Prisma.KeyRequestUncheckedUpdateInput) =>
  tx.keyRequest.update({ where: { id }, data })

/**
 * Puts the first secret that anybody knows in the place of the one that nobody was ever shown. False when the key was
 * rotated meanwhile: then somebody knows one.
 */
export async function replaceUnknownSecret(
  tx: Tx,
  keyId: string,
  secret: StoredSecret & { readonly id: string; readonly createdAt: Date },
) {
  if ((await tx.keySecret.count({ where: { keyId } })) > 1) return false
  await tx.keySecret.deleteMany({ where: { keyId } })
  await tx.keySecret.create({ data: { ...secret, keyId } })
  return true
}

/** Pending requests whose time is over, oldest first, locked; rows that another node works on are left out. */
export async function lockOverdueRequests(tx: Tx, now: Date, take: number): Promise<KeyRequest[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM key_requests WHERE status = 'PENDING' AND expires_at <= ${now}::timestamptz
    ORDER BY expires_at LIMIT ${take} FOR UPDATE SKIP LOCKED`
  return tx.keyRequest.findMany({ where: { id: { in: rows.map(({ id }) => id) } } })
}

export const getSettings = (tx: Tx) => tx.governanceSettings.findUniqueOrThrow({ where: { id: 1 } })

export type GovernanceSettings = Omit<Prisma.GovernanceSettingsGetPayload<object>, 'id'>

export const updateSettings = (tx: Tx, data: Prisma.GovernanceSettingsUpdateInput) =>
  tx.governanceSettings.update({ where: { id: 1 }, data })

/** Who may answer requests for keys of a type: administrators and the members of the policy's group. */
export async function listApproverIds(tx: Tx, keyType: string): Promise<string[]> {
  const isMember = { memberships: { some: { group: { deletedAt: null, approves: { some: { keyType } } } } } }
  const where = { active: true, deletedAt: null, OR: [{ role: 'ADMINISTRATOR' as const }, isMember] }
  return (await tx.user.findMany({ where, select: { id: true }, orderBy: { id: 'asc' } })).map(({ id }) => id)
}
