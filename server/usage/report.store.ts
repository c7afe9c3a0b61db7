import type pg from 'pg'
import { type Percentiles, percentilesOf, readSketch } from './latency.ts'
import { measuredOf, type UsageGroup } from './measured.ts'
import { PARAMETERS, rowsText, type Sought, valuesOf } from './rows.ts'

/** Sums of requests. `errors` are those with an error code. */
export type UsageTotals = {
  readonly requests: number
  readonly errors: number
  readonly inputTokens: bigint
  readonly outputTokens: bigint
  readonly cachedTokens: bigint
  readonly costMicros: bigint
  /** Those that used tokens without a known price: `costMicros` leaves them out. */
  readonly unpriced: number
}

export type UsagePoint = UsageTotals & {
  readonly start: Date
  /** What this point is grouped by: an id, or the value itself; null without grouping, and of all but the largest. */
  readonly group: string | null
  /** The name of the group, for people. */
  readonly label: string | null
  readonly averageLatencyMs: number
  /** Of requests that reached a provider; null: there was none. */
  readonly latencyMs: Percentiles | null
  readonly firstTokenMs: Percentiles | null
}

export type UsageQuery = Sought & {
  readonly maxGroups: number
  /** Whether percentiles of durations are wanted: they cost more than all sums. */
  readonly durations: boolean
}

// Fragments of SQL, never values: each is chosen by a closed set of words.
const LABELS = {
  KEY: '(SELECT name FROM api_keys WHERE id = g.grp)',
  OWNER: '(SELECT display_name FROM users WHERE id = g.grp)',
  GROUP: '(SELECT name FROM groups WHERE id = g.grp)',
  PROVIDER: '(SELECT name FROM providers WHERE id = g.grp)',
  MODEL: 'g.grp',
  STATUS: 'g.grp::text',
  CODE: 'g.grp',
} as const satisfies Record<UsageGroup, string>

export const sums = (errors: string) => `sum(requests)::int AS requests, sum(${errors})::int AS errors,
  sum(input_tokens) AS "inputTokens", sum(output_tokens) AS "outputTokens", sum(cached_tokens) AS "cachedTokens",
  sum(cost_micros) AS "costMicros", sum(unpriced)::int AS unpriced`

/** The longest span of hours whose durations are told: a million of them in as many rows take too long. */
const HOURS_WITH_SKETCHES = 72

const hasSketches = ({ interval, from, to, durations, groupBy, filter }: UsageQuery) =>
  durations &&
  (measuredOf(groupBy, filter) !== null ||
    interval !== 'HOUR' ||
    to.getTime() - from.getTime() <= HOURS_WITH_SKETCHES * 3_600_000)

const textOf = (query: UsageQuery) => {
  const { groupBy } = query
  const label = groupBy === null ? 'NULL::text' : LABELS[groupBy]
  const grouped = groupBy === null ? '' : 'JOIN g USING (grp)'
  const columns = 'requests, errors, input_tokens, output_tokens, cached_tokens, cost_micros, unpriced, latency_ms'
  const sketch = (column: string) =>
    hasSketches(query) ? sketchText(rowsText(query, `${column} AS elements`), grouped) : NO_SKETCH
  return `
    WITH ${PARAMETERS}, rows AS ${groupBy === null ? '' : 'MATERIALIZED'} (${rowsText(query, columns)}
    ), g AS MATERIALIZED (${groupBy === null ? `SELECT ''::text AS grp` : TOP_GROUPS} LIMIT $14
    ), points AS (
      SELECT at, ${groupBy === null ? 'grp' : 'g.grp'}, ${sums('errors')},
        round(sum(latency_ms) / greatest(sum(requests), 1))::int AS "averageLatencyMs"
      FROM rows ${groupBy === null ? '' : 'LEFT JOIN g ON g.grp = rows.grp'} GROUP BY 1, 2
    ), l AS (${sketch('latencies')}
    ), f AS (${sketch('first_tokens')}
    )
    SELECT at AS start, ${groupBy === null ? 'NULL::text' : 'g.grp::text'} AS "group", ${label} AS label, requests, errors,
      "inputTokens", "outputTokens", "cachedTokens", "costMicros", unpriced, "averageLatencyMs",
      l.sketch AS latencies, f.sketch AS "firstTokens"
    FROM points g LEFT JOIN l USING (at, grp) LEFT JOIN f USING (at, grp) ORDER BY 1, g.grp IS NULL, requests DESC, 2`
}

// All others are one point without a group, so that the points of an interval always add up to what happened in it.
const TOP_GROUPS = 'SELECT grp FROM rows GROUP BY grp ORDER BY sum(requests) DESC, grp'

const NO_SKETCH = 'SELECT at, grp, NULL::text AS sketch FROM points WHERE false'

/** The histograms of each point and group, merged: elements as in the rows. */
const sketchText = (rows: string, grouped: string) => `
      SELECT at, grp, array_agg((bucket << 40) | count)::text AS sketch FROM (
        SELECT at, grp, element >> 40 AS bucket, sum((element & 1099511627775)::int) AS count
        FROM (${rows}) AS rows ${grouped}, unnest(elements) AS element
        GROUP BY 1, 2, 3
      ) AS counted GROUP BY 1, 2`

type Row = Omit<UsagePoint, keyof Texts | 'latencyMs' | 'firstTokenMs'> & Texts & Sketches
export type Texts = Readonly<Record<'inputTokens' | 'outputTokens' | 'cachedTokens' | 'costMicros', string>>
type Sketches = Readonly<Record<'latencies' | 'firstTokens', string | null>>

export const toNumbers = <Rest extends Texts>(row: Rest) => ({
  ...row,
  inputTokens: BigInt(row.inputTokens),
  outputTokens: BigInt(row.outputTokens),
  cachedTokens: BigInt(row.cachedTokens),
  costMicros: BigInt(row.costMicros),
})

/** Sums per interval and group, from the sums per hour and day: the groups with the most requests, and all others. */
export async function readUsage(reports: pg.Pool, query: UsageQuery): Promise<UsagePoint[]> {
  const { rows } = await reports.query<Row>(textOf(query), [...valuesOf(query), query.maxGroups])
  return rows.map(({ latencies, firstTokens, ...row }) => ({
    ...toNumbers(row),
    latencyMs: percentilesOf(readSketch(latencies)),
    firstTokenMs: percentilesOf(readSketch(firstTokens)),
  }))
}
