import type { Tx } from '../lib/db.ts'

/**
 * Sums every day anew, as days of this time zone. Until the transaction ends nobody adds to the sums, and reports show
 * the old days: seconds for a million requests.
 */
export const rebuildDays = (tx: Tx, timeZone: string) => tx.$executeRaw`SELECT rebuild_usage_days(${timeZone})`

/** True when something was spent: those sums are in the currency of that time. */
export async function hasCosts(tx: Tx): Promise<boolean> {
  const rows = await tx.$queryRaw<[]>`SELECT 1 FROM usage_days WHERE cost_micros > 0 LIMIT 1`
  return rows.length > 0
}
