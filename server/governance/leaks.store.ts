import type { Tx } from '../lib/db.ts'

export const findSecret = (tx: Tx, publicId: string) => tx.keySecret.findUnique({ where: { publicId } })

export const getReporters = (tx: Tx) =>
  tx.governanceSettings.findUniqueOrThrow({ where: { id: 1 }, select: { leakReporters: true } })
