import type { Parts } from '../lib/parts.ts'
import { readSettings } from '../users/installation.store.ts'
import { tidyUsage } from './retention.store.ts'

/** Makes the days to come and drops those that the installation no longer keeps. It may be repeated at any time. */
export async function keepRetention({ db, log }: Pick<Parts, 'db' | 'log'>, now: Date): Promise<void> {
  const { usageRetentionDays } = await readSettings(db.prisma)
  const dropped = await tidyUsage(db.pool, now, usageRetentionDays)
  if (dropped > 0) log.info({ dropped, usageRetentionDays }, 'days of the usage log were over their retention')
}
