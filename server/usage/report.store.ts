import type pg from 'pg'
import type { Percentiles } from './latency.ts'

export type UsageGroup = 'KEY' | 'OWNER' | 'PROVIDER' | 'MODEL' | 'STATUS' | 'CODE'
export type UsageInterval = 'HOUR' | 'DAY' | 'TOTAL'

/** Sums of requests. `errors` are those with an error code. */
export type UsageTotals = {
  readonly requests: number
  readonly errors: number
  readonly inputTokens: bigint
  readonly outputTokens: bigint
  readonly cachedTokens: bigint
  readonly costMicros: bigint
}

export type UsagePoint = UsageTotals & {
  readonly start: Date
  /** What this point is grouped by: an id, or the value itself; null without grouping. */
  readonly group: string | null
  /** The name of the group, for people. */
  readonly label: string | null
  readonly averageLatencyMs: number
  /** Of requests that reached a provider; null: there was none. */
  readonly latencyMs: Percentiles | null
  readonly firstTokenMs: Percentiles | null
}

export type UsageQuery = {
  readonly from: Date
  readonly to: Date
  readonly interval: UsageInterval
  readonly groupBy: UsageGroup | null
  readonly timeZone: string
  readonly maxGroups: number
  readonly filter: {
    readonly ownerId: string | null
    readonly keyId: string | null
    readonly providerId: string | null
    readonly model: string | null
  }
}

// Fragments of SQL, never values: each is chosen by a closed set of words.
const GROUPS = {
  KEY: { column: 'key_id::text', label: '(SELECT name FROM api_keys WHERE id = g.grp::uuid)' },
  OWNER: { column: 'owner_id::text', label: '(SELECT display_name FROM users WHERE id = g.grp::uuid)' },
  PROVIDER: { column: 'provider_id::text', label: '(SELECT name FROM providers WHERE id = g.grp::uuid)' },
  MODEL: { column: 'model', label: 'g.grp' },
  STATUS: { column: 'status::text', label: 'g.grp' },
  CODE: { column: 'code', label: 'g.grp' },
} as const satisfies Record<UsageGroup, object>

const STARTS = {
  HOUR: `date_trunc('hour', hour, 'UTC')`,
  DAY: `date_trunc('day', hour, $7)`,
  TOTAL: '$1::timestamptz',
} as const satisfies Record<UsageInterval, string>

const SUMS = `sum(requests)::int AS requests, coalesce(sum(requests) FILTER (WHERE code <> ''), 0)::int AS errors,
  sum(input_tokens) AS "inputTokens", sum(output_tokens) AS "outputTokens", sum(cached_tokens) AS "cachedTokens",
  sum(cost_micros) AS "costMicros"`

const textOf = ({ interval, groupBy }: UsageQuery) => {
  const group = groupBy === null ? { column: 'NULL::text', label: 'NULL::text' } : GROUPS[groupBy]
  return `
    WITH narrowed AS MATERIALIZED (
      SELECT *, ${group.column} AS grp FROM usage_rollups
      WHERE hour >= $1 AND hour < $2 AND ($3::uuid IS NULL OR owner_id = $3) AND ($4::uuid IS NULL OR key_id = $4)
        AND ($5::uuid IS NULL OR provider_id = $5) AND ($6::text IS NULL OR model = $6) AND $7::text IS NOT NULL
    ), g AS (
      SELECT grp FROM narrowed GROUP BY grp ORDER BY sum(requests) DESC, grp LIMIT $8
    )
    SELECT ${STARTS[interval]} AS start, g.grp AS "group", ${group.label} AS label, ${SUMS},
      round(sum(latency_ms) / greatest(sum(requests), 1))::int AS "averageLatencyMs"
    FROM narrowed JOIN g ON narrowed.grp IS NOT DISTINCT FROM g.grp
    GROUP BY 1, g.grp ORDER BY 1, sum(requests) DESC, 2`
}

type Row = Omit<UsagePoint, 'inputTokens' | 'outputTokens' | 'cachedTokens' | 'costMicros'> & Texts
type Texts = Readonly<Record<'inputTokens' | 'outputTokens' | 'cachedTokens' | 'costMicros', string>>

const toNumbers = <Rest extends Texts>(row: Rest) => ({
  ...row,
  inputTokens: BigInt(row.inputTokens),
  outputTokens: BigInt(row.outputTokens),
  cachedTokens: BigInt(row.cachedTokens),
  costMicros: BigInt(row.costMicros),
})

/** Sums per interval and group, from the hourly rollups: the groups with the most requests. */
export async function readUsage(pool: pg.Pool, query: UsageQuery): Promise<UsagePoint[]> {
  const { ownerId, keyId, providerId, model } = query.filter
  const values = [query.from, query.to, ownerId, keyId, providerId, model, query.timeZone, query.maxGroups]
  const { rows } = await pool.query<Row>(textOf(query), values)
  return rows.map(toNumbers)
}

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

export async function readTimeZone(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ timeZone: string }>(
    'SELECT time_zone AS "timeZone" FROM installation WHERE id = 1',
  )
  return rows[0]?.timeZone ?? 'UTC'
}
