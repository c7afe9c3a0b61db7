import type pg from 'pg'
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

/** What an administrator may set, as it is now. */
export async function readSettings(pool: pg.Pool): Promise<InstallationSettings> {
  const { rows } = await pool.query<InstallationSettings>(
    `SELECT time_zone AS "timeZone", currency, default_max_tokens AS "defaultMaxTokens",
      usage_retention_days AS "usageRetentionDays" FROM installation WHERE id = 1`,
  )
  const [settings] = rows
  if (!settings) throw new Error('the installation has no row')
  return settings
}
