import type pg from 'pg'
import { type Percentiles, percentilesOf, readSketch } from './latency.ts'
import { type Measured, measuredOf, measuredText, memberships, type Narrowing, type UsageGroup } from './measured.ts'
import { dayBounds, STRETCHES, type UsageInterval } from './stretch.ts'

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
  /** Whether percentiles of durations are wanted: they cost more than all sums. */
  readonly durations: boolean
  readonly filter: Narrowing
}

// Fragments of SQL, never values: each is chosen by a closed set of words.
const GROUPS = {
  KEY: { column: 'key_id', label: '(SELECT name FROM api_keys WHERE id = g.grp)' },
  OWNER: { column: 'owner_id', label: '(SELECT display_name FROM users WHERE id = g.grp)' },
  GROUP: { column: 'group_id', label: '(SELECT name FROM groups WHERE id = g.grp)' },
  PROVIDER: { column: 'provider_id', label: '(SELECT name FROM providers WHERE id = g.grp)' },
  MODEL: { column: 'model', label: 'g.grp' },
  STATUS: { column: 'status', label: 'g.grp::text' },
  CODE: { column: 'code', label: 'g.grp' },
} as const satisfies Record<UsageGroup, object>

export const SUMS = `sum(requests)::int AS requests, coalesce(sum(requests) FILTER (WHERE code <> ''), 0)::int AS errors,
  sum(input_tokens) AS "inputTokens", sum(output_tokens) AS "outputTokens", sum(cached_tokens) AS "cachedTokens",
  sum(cost_micros) AS "costMicros"`

const NARROWED = `($3::uuid IS NULL OR owner_id = $3) AND ($4::uuid IS NULL OR key_id = $4)
  AND ($5::uuid IS NULL OR provider_id = $5) AND ($6::text IS NULL OR model = $6)`

/**
 * The rows of a span with these columns; `at` is the beginning of their interval. The values are $1 from, $2 to, $3 owner,
 * $4 key, $5 provider, $6 model (null: any), $7, $9 and $10 `dayBounds`.
 */
export function rowsText(interval: UsageInterval, groupBy: UsageGroup | null, columns: string): string {
  const group = groupBy === null ? `''::text` : GROUPS[groupBy].column
  const join = groupBy === 'GROUP' ? memberships('owner_id') : ''
  const rows = STRETCHES[interval].map(({ wholeDay, at, from, to }) => {
    const [table, start] = wholeDay ? ['usage_days', 'day'] : ['usage_rollups', 'hour']
    return `SELECT ${at(start)} AS at, ${group} AS grp, ${columns} FROM ${table} ${join}
      WHERE ${start} >= ${from} AND ${start} < ${to} AND ${NARROWED}`
  })
  return rows.join(' UNION ALL ')
}

/** The longest span of hours whose durations are told: a million of them in as many rows take too long. */
const HOURS_WITH_SKETCHES = 72

const hasSketches = ({ interval, from, to, durations }: UsageQuery, measured: Measured | null) =>
  durations &&
  (measured !== null || interval !== 'HOUR' || to.getTime() - from.getTime() <= HOURS_WITH_SKETCHES * 3_600_000)

const textOf = (query: UsageQuery, measured: Measured | null) => {
  const { interval, groupBy } = query
  const label = groupBy === null ? 'NULL::text' : GROUPS[groupBy].label
  const grouped = groupBy === null ? '' : 'JOIN g USING (grp)'
  const sums = rowsText(
    interval,
    groupBy,
    'requests, code, input_tokens, output_tokens, cached_tokens, cost_micros, latency_ms',
  )
  const sketch = (column: string) => {
    if (!hasSketches(query, measured)) return NO_SKETCH
    const rows = measured
      ? measuredText(interval, groupBy, column)
      : rowsText(interval, groupBy, `${column} AS elements`)
    return sketchText(rows, grouped)
  }
  return `
    WITH used AS (SELECT $7::timestamptz, $9::timestamptz, $10::timestamptz, $8::int, $11::text, $12::text), rows AS ${groupBy === null ? '' : 'MATERIALIZED'} (${sums}
    ), g AS MATERIALIZED (${groupBy === null ? `SELECT ''::text AS grp` : TOP_GROUPS}
    ), points AS (
      SELECT at, grp, ${SUMS}, round(sum(latency_ms) / greatest(sum(requests), 1))::int AS "averageLatencyMs"
      FROM rows ${grouped} GROUP BY 1, 2
    ), l AS (${sketch('latencies')}
    ), f AS (${sketch('first_tokens')}
    )
    SELECT at AS start, ${groupBy === null ? 'NULL::text' : 'g.grp::text'} AS "group", ${label} AS label, requests, errors,
      "inputTokens", "outputTokens", "cachedTokens", "costMicros", "averageLatencyMs", l.sketch AS latencies,
      f.sketch AS "firstTokens"
    FROM points g LEFT JOIN l USING (at, grp) LEFT JOIN f USING (at, grp) ORDER BY 1, requests DESC, 2`
}

const TOP_GROUPS = 'SELECT grp FROM rows GROUP BY grp ORDER BY sum(requests) DESC, grp LIMIT $8'

const NO_SKETCH = 'SELECT at, grp, NULL::bigint[] AS sketch FROM points WHERE false'

/** The histograms of each point and group, merged: elements as in the rows. */
const sketchText = (rows: string, grouped: string) => `
      SELECT at, grp, array_agg((bucket << 40) | count) AS sketch FROM (
        SELECT at, grp, element >> 40 AS bucket, sum((element & 1099511627775)::int) AS count
        FROM (${rows}) AS rows ${grouped}, unnest(elements) AS element
        GROUP BY 1, 2, 3
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
export async function readUsage(reports: pg.Pool, query: UsageQuery): Promise<UsagePoint[]> {
  const { ownerId, keyId, providerId, model } = query.filter
  const [day, first, last] = dayBounds(query.from, query.to, query.timeZone)
  const narrowing = [ownerId, keyId, providerId, model, day, query.maxGroups]
  const measured = measuredOf(query)
  const values = [query.from, query.to, ...narrowing, first, last, measured?.dimension, measured?.value]
  const { rows } = await reports.query<Row>(textOf(query, measured), values)
  return rows.map(({ latencies, firstTokens, ...row }) => ({
    ...toNumbers(row),
    latencyMs: percentilesOf(readSketch(latencies ?? [])),
    firstTokenMs: percentilesOf(readSketch(firstTokens ?? [])),
  }))
}
