import type { Parts } from '../lib/parts.ts'
import { readSettings } from '../users/installation.store.ts'
import { warnOfEnded } from './warnings.store.ts'
import { SPANS, windowAt } from './window.ts'

const PERIODS = ['HOUR', 'DAY', 'WEEK', 'MONTH', 'TOTAL'] as const

/**
 * A limit whose raise is over may be used up at that instant. Then everybody is refused, so that no request warns of it
 * any more. The stretch may be told again: each amount of a window is warned of once.
 */
export async function warnOfEndedRaises(
  { db }: Parts,
  stretch: { readonly from: Date; readonly to: Date },
): Promise<void> {
  const { timeZone } = await readSettings(db.prisma)
  const now = stretch.to.getTime()
  const since = PERIODS.map((period) => ({
    period,
    startsAt: windowAt(period, now, timeZone)?.startsAt ?? now - (SPANS[period] ?? 0) + 1,
  }))
  await warnOfEnded(db.pool, stretch, since)
}
