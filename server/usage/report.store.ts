import type pg from 'pg'
import { type Percentiles, percentilesOf, readSketch } from './latency.ts'

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
  HOUR: `date_trunc('hour', start, 'UTC')`,
  DAY: `date_trunc('day', start, $7)`,
  TOTAL: '$1::timestamptz',
} as const satisfies Record<UsageInterval, string>

export const SUMS = `sum(requests)::int AS requests, coalesce(sum(requests) FILTER (WHERE code <> ''), 0)::int AS errors,
  sum(input_tokens) AS "inputTokens", sum(output_tokens) AS "outputTokens", sum(cached_tokens) AS "cachedTokens",
  sum(cost_micros) AS "costMicros"`

const NARROWED = `($3::uuid IS NULL OR owner_id = $3) AND ($4::uuid IS NULL OR key_id = $4)
  AND ($5::uuid IS NULL OR provider_id = $5) AND ($6::text IS NULL OR model = $6)`

const COLUMNS = `key_id, owner_id, provider_id, model, status, code, requests, input_tokens, output_tokens, cached_tokens,
  cost_micros, latency_ms, latencies, first_tokens`

// Whole days of a long span are read as days, its two ends and short spans as hours.
const HOURS = `SELECT hour AS start, ${COLUMNS} FROM usage_rollups WHERE hour >= $1 AND hour < $2 AND ${NARROWED}`
const WHOLE_DAYS = `
  SELECT hour, ${COLUMNS} FROM usage_rollups, whole
    WHERE (hour >= $1 AND hour < whole.first OR hour >= whole.last AND hour < $2) AND ${NARROWED}
  UNION ALL
  SELECT day, ${COLUMNS} FROM usage_days, whole WHERE day >= whole.first AND day < whole.last AND ${NARROWED}`

const WHOLE = `
  SELECT first, greatest(first, last) AS last FROM (
    SELECT CASE WHEN date_trunc('day', $1, $7) = $1 THEN $1
        ELSE date_trunc('day', date_trunc('day', $1, $7) + interval '36 hours', $7) END AS first,
      date_trunc('day', $2, $7) AS last
  ) AS days`

const textOf = ({ interval, groupBy }: UsageQuery) => {
  const group = groupBy === null ? { column: 'NULL::text', label: 'NULL::text' } : GROUPS[groupBy]
  return `
    WITH whole AS (${WHOLE.replaceAll('$1', '$1::timestamptz').replaceAll('$2', '$2::timestamptz')}
    ), narrowed AS MATERIALIZED (
      SELECT *, ${group.column} AS grp FROM (${interval === 'HOUR' ? HOURS : WHOLE_DAYS}) AS rows (start)
    ), g AS MATERIALIZED (
      SELECT grp FROM narrowed GROUP BY grp ORDER BY sum(requests) DESC, grp LIMIT $8
    ), points AS (
      SELECT ${STARTS[interval]} AS at, coalesce(g.grp, '') AS key, g.grp, ${SUMS},
        round(sum(latency_ms) / greatest(sum(requests), 1))::int AS "averageLatencyMs"
      FROM narrowed JOIN g ON narrowed.grp IS NOT DISTINCT FROM g.grp GROUP BY 1, g.grp
    ), latencies AS (${sketchText(interval, 'latencies')}
    ), first_tokens AS (${sketchText(interval, 'first_tokens')}
    )
    SELECT at AS start, g.grp AS "group", ${group.label} AS label, requests, errors, "inputTokens", "outputTokens",
      "cachedTokens", "costMicros", "averageLatencyMs", l.sketch AS latencies, f.sketch AS "firstTokens"
    FROM points g LEFT JOIN latencies l USING (at, key) LEFT JOIN first_tokens f USING (at, key)
    ORDER BY 1, requests DESC, 2`
}

/** The histograms of each point and group, merged: elements as in the rows. */
const sketchText = (interval: UsageInterval, column: 'latencies' | 'first_tokens') => `
      SELECT at, key, array_agg((bucket << 40) | count) AS sketch FROM (
        SELECT ${STARTS[interval]} AS at, coalesce(g.grp, '') AS key, element >> 40 AS bucket,
          sum(element & 1099511627775)::bigint AS count
        FROM narrowed JOIN g ON narrowed.grp IS NOT DISTINCT FROM g.grp, unnest(${column}) AS element GROUP BY 1, 2, 3
      ) AS counted GROUP BY 1, 2`

type Row = Omit<UsagePoint, keyof Texts | 'latencyMs' | 'firstTokenMs'> & Texts & Sketches
export type Texts = Readonly<Record<'inputTokens' | 'outputTokens' | 'cachedTokens' | 'costMicros', string>>
type Sketches = Readonly<Record<'latencies' | 'firstTokens', readonly string[] | null>>

export const toNumbers = <Rest extends Texts>(row: Rest) => ({
  ...row,
  inputTokens: BigInt(row.inputTokens),
  outputTokens: BigInt(row.outputTokens),
  cachedTokens: BigInt(row.cachedTokens),
  costMicros: BigInt(row.costMicros),
})

/** Sums per interval and group, from the sums per hour and day: the groups with the most requests. */
export async function readUsage(pool: pg.Pool, query: UsageQuery): Promise<UsagePoint[]> {
  const { ownerId, keyId, providerId, model } = query.filter
  const values = [query.from, query.to, ownerId, keyId, providerId, model, query.timeZone, query.maxGroups]
  const { rows } = await pool.query<Row>(textOf(query), values)
  return rows.map(({ latencies, firstTokens, ...row }) => ({
    ...toNumbers(row),
    latencyMs: percentilesOf(readSketch(latencies ?? [])),
    firstTokenMs: percentilesOf(readSketch(firstTokens ?? [])),
  }))
}

export async function readTimeZone(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ timeZone: string }>(
    'SELECT time_zone AS "timeZone" FROM installation WHERE id = 1',
  )
  return rows[0]?.timeZone ?? 'UTC'
}
