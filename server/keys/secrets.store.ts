import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { StoredSecret } from '../lib/secret.ts'
import { NEWEST_FIRST } from './rotation.ts'

export type KeySecretRow = Prisma.KeySecretGetPayload<object>

/** The secrets of a key that work at this instant: the current one first. At most two. */
export const listValidSecrets = (tx: Tx, keyId: string, now: Date): Promise<KeySecretRow[]> =>
  tx.keySecret.findMany({
    where: { keyId, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
    orderBy: [...NEWEST_FIRST],
  })

type NewSecret = StoredSecret & { readonly id: string; readonly keyId: string; readonly createdAt: Date }

export const insertSecret = (tx: Tx, data: NewSecret) => tx.keySecret.create({ data })

/** What was the current one works until `expiresAt`; null: until the overlap is ended. */
export const supersedeSecret = (tx: Tx, id: string, supersededAt: Date, expiresAt: Date | null) =>
  tx.keySecret.update({ where: { id }, data: { supersededAt, expiresAt } })

export const endSecret = (tx: Tx, id: string, at: Date) =>
  tx.keySecret.update({ where: { id }, data: { expiresAt: at } })

/** Makes the old secret the current one again. In this order, since a key never has two current ones. */
export async function exchangeSecrets(tx: Tx, { current, old }: { current: string; old: string }, at: Date) {
  await tx.keySecret.update({ where: { id: current }, data: { supersededAt: at } })
  await tx.keySecret.update({ where: { id: old }, data: { supersededAt: null, expiresAt: null } })
}
