import type pg from 'pg'
import { SUMS, type Texts, toNumbers, type UsageTotals } from './report.store.ts'

export type KeyUsage = {
  readonly last24Hours: UsageTotals
  readonly last30Days: UsageTotals
  /** Requests per UTC day, 30 numbers, the oldest first, today last. */
  readonly daily: readonly number[]
}

export const NO_USAGE: UsageTotals = {
  requests: 0,
  errors: 0,
  inputTokens: 0n,
  outputTokens: 0n,
  cachedTokens: 0n,
  costMicros: 0n,
}

const PER_KEY = `
  SELECT key_id AS "keyId", span, day, ${SUMS} FROM (
    SELECT *, date_trunc('day', hour, 'UTC') AS day, unnest(
      CASE WHEN hour > $3 THEN ARRAY['day', 'last30Days', 'last24Hours'] ELSE ARRAY['day', 'last30Days'] END) AS span
    FROM usage_rollups WHERE key_id = ANY($1::uuid[]) AND hour >= $2
  ) AS rollup
  GROUP BY GROUPING SETS ((key_id, span, day), (key_id, span))
  HAVING (span = 'day') = (GROUPING(day) = 0)`

const DAY_MS = 86_400_000
const DAYS = 30

type PerKeyRow = Texts & {
  readonly keyId: string
  readonly span: string
  readonly day: Date | null
  readonly requests: number
  readonly errors: number
}

/** What each key did lately, by key id. Keys without a request are not in the map. */
export async function readKeyUsage(pool: pg.Pool, ids: readonly string[], now: Date): Promise<Map<string, KeyUsage>> {
  const today = now.getTime() - (now.getTime() % DAY_MS)
  const since = today - (DAYS - 1) * DAY_MS
  const dayAgo = new Date(now.getTime() - DAY_MS)
  const { rows } = await pool.query<PerKeyRow>(PER_KEY, [ids, new Date(since), dayAgo])
  const totals = (keyId: string, span: string) => {
    const row = rows.find((candidate) => candidate.keyId === keyId && candidate.span === span)
    return row ? toNumbers(row) : NO_USAGE
  }
  const daily = (keyId: string) => {
    const days = Array.from({ length: DAYS }, () => 0)
    for (const row of rows) {
      if (row.keyId === keyId && row.day) days[Math.round((row.day.getTime() - since) / DAY_MS)] = row.requests
    }
    return days
  }
  const found = new Set(rows.map(({ keyId }) => keyId))
  return new Map(
    [...found].map((id) => [
      id,
      { last24Hours: totals(id, 'last24Hours'), last30Days: totals(id, 'last30Days'), daily: daily(id) },
    ]),
  )
}
