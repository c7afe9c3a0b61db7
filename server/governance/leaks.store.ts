import type { Tx } from '../lib/db.ts'

export const findSecret = (tx: Tx, publicId: string) => tx.keySecret.findUnique({ where: { publicId } })

/** From now on nothing brings the key back, whatever ended it. */
export const markLeaked = (tx: Tx, keyId: string, at: Date) =>
  tx.apiKey.updateMany({ where: { id: keyId, leakedAt: null }, data: { leakedAt: at } })

export const getReporters = (tx: Tx) =>
  tx.governanceSettings.findUniqueOrThrow({ where: { id: 1 }, select: { leakReporters: true } })
