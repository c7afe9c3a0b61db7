import type { Tx } from '../lib/db.ts'
import type { InstallationSettings } from './installation.ts'

export const findInstallation = (tx: Tx) => tx.installation.findUniqueOrThrow({ where: { id: 1 } })

/** The one row, locked until the transaction ends: of parallel set-ups all but one see that it is done. */
export async function lockInstallation(tx: Tx) {
  await tx.$queryRaw`SELECT 1 FROM installation WHERE id = 1 FOR UPDATE`
  return findInstallation(tx)
}

export const setSetupToken = (tx: Tx, setupTokenHash: Uint8Array<ArrayBuffer>) =>
  tx.installation.update({ where: { id: 1 }, data: { setupTokenHash } })

export const closeSetup = (tx: Tx, setupCompletedAt: Date) =>
  tx.installation.update({ where: { id: 1 }, data: { setupTokenHash: null, setupCompletedAt } })

const SETTINGS = {
  timeZone: true,
  currency: true,
  defaultMaxTokens: true,
  usageRetentionDays: true,
  auditRetentionDays: true,
} as const

export const readSettings = (tx: Tx): Promise<InstallationSettings> =>
  tx.installation.findUniqueOrThrow({ where: { id: 1 }, select: SETTINGS })

export const updateSettings = (tx: Tx, data: Partial<InstallationSettings>) =>
  tx.installation.update({ where: { id: 1 }, data })

/** Whether the database can reckon in this time zone. */
export async function knowsTimeZone(tx: Tx, name: string): Promise<boolean> {
  const rows = await tx.$queryRaw<[]>`SELECT 1 FROM pg_timezone_names WHERE name = ${name}`
  return rows.length > 0
}
