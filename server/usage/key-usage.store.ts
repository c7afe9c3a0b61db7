import type pg from 'pg'
import { calendarWindow } from '../limits/window.ts'
import { sums, type Texts, toNumbers, type UsageTotals } from './report.store.ts'
import { ERRORS } from './rows.ts'

export type KeyUsage = {
  readonly last24Hours: UsageTotals
  readonly last30Days: UsageTotals
  /** Requests per day in the time zone of the installation, 30 numbers, the oldest first, today last. */
  readonly daily: readonly number[]
}

export const NO_USAGE: UsageTotals = {
  requests: 0,
  errors: 0,
  inputTokens: 0n,
  outputTokens: 0n,
  cachedTokens: 0n,
  costMicros: 0n,
  unpriced: 0,
}

const SUMS = sums(ERRORS)

const PER_KEY = `
  SELECT key_id AS "keyId", day, ${SUMS} FROM usage_days WHERE key_id = ANY($1::uuid[]) AND day >= $2 GROUP BY 1, 2
  UNION ALL
  SELECT key_id, NULL, ${SUMS} FROM usage_rollups WHERE key_id = ANY($1::uuid[]) AND hour > $3 GROUP BY 1`

const DAY_MS = 86_400_000
const DAYS = 30

/** `day` null: the last 24 hours. */
type PerKeyRow = Texts & {
  readonly keyId: string
  readonly day: Date | null
  readonly requests: number
  readonly errors: number
  readonly unpriced: number
}

type Now = { readonly now: Date; readonly timeZone: string }

/** What each key did lately, by key id. Keys without a request are not in the map. */
export async function readKeyUsage(
  reports: pg.Pool,
  ids: readonly string[],
  { now, timeZone }: Now,
): Promise<Map<string, KeyUsage>> {
  const today = calendarWindow('DAY', now.getTime(), timeZone).startsAt
  // Noon is on its day whichever way clocks were changed since.
  const since = calendarWindow('DAY', today - (DAYS - 1.5) * DAY_MS, timeZone).startsAt
  const lately = new Date(now.getTime() - DAY_MS)
  const { rows } = await reports.query<PerKeyRow>(PER_KEY, [ids, new Date(since), lately])
  const byKey = Map.groupBy(rows, ({ keyId }) => keyId)
  return new Map([...byKey].map(([id, ofKey]) => [id, toUsage(ofKey, since)]))
}

function toUsage(rows: readonly PerKeyRow[], since: number): KeyUsage {
  const daily = Array.from({ length: DAYS }, () => 0)
  let [last24Hours, last30Days] = [NO_USAGE, NO_USAGE]
  for (const { keyId: _keyId, day, ...texts } of rows) {
    const totals = toNumbers(texts)
    if (day === null) last24Hours = totals
    else {
      daily[Math.round((day.getTime() - since) / DAY_MS)] = totals.requests
      last30Days = add(last30Days, totals)
    }
  }
  return { last24Hours, last30Days, daily }
}

const add = (one: UsageTotals, other: UsageTotals): UsageTotals => ({
  requests: one.requests + other.requests,
  errors: one.errors + other.errors,
  inputTokens: one.inputTokens + other.inputTokens,
  outputTokens: one.outputTokens + other.outputTokens,
  cachedTokens: one.cachedTokens + other.cachedTokens,
  costMicros: one.costMicros + other.costMicros,
  unpriced: one.unpriced + other.unpriced,
})
