import type pg from 'pg'
import type { LimitMetric, LimitPeriod } from '../generated/prisma/enums.ts'

/** A model that was asked of a provider. */
export type Asked = { readonly providerId: string; readonly model: string }

/** A limit that is not saved, and the whole hours to try it on. `modelPattern` is a SQL LIKE pattern. */
export type TrialQuestion = {
  readonly from: Date
  readonly to: Date
  readonly keyId: string | null
  readonly ownerIds: readonly string[] | null
  readonly providerId: string | null
  /** The pools that the provider is a member of: what it answered there counts as well. */
  readonly poolIds: readonly string[]
  /** Models of these pools for which another member is asked when this one is full. */
  readonly evasions: readonly Asked[]
  /** Of a limit of money: what has no price. It is refused, unless it is let pass. */
  readonly unpriced: readonly Asked[]
  readonly allowUnpriced: boolean
  readonly modelPattern: string | null
  readonly metric: LimitMetric
  readonly period: LimitPeriod | null
  readonly amount: bigint
  readonly timeZone: string
}

/** Requests of one key for one model that would have been refused. */
export type Refused = {
  readonly ownerId: string
  readonly keyId: string
  readonly providerId: string
  readonly model: string
  readonly requests: number
  readonly firstAt: Date
}

export type TrialAnswer = {
  /** That the limit concerns. */
  readonly requests: number
  readonly refusedRequests: number
  readonly refusedKeys: number
  readonly refusedUsers: number
  /** That another member of the pool would have been asked for instead. */
  readonly passedOnRequests: number
  /** For what has no price. */
  readonly unpricedRequests: number
  /** Those with the most requests first. */
  readonly examples: readonly Refused[]
}

const MAX_EXAMPLES = 10

// Fragments of SQL, never values: each is chosen by a closed set of words.
const COUNTED = {
  REQUESTS: { rollup: 'requests', entry: '1' },
  TOKENS: { rollup: 'input_tokens + output_tokens', entry: 'coalesce(input_tokens, 0) + coalesce(output_tokens, 0)' },
  MONEY: { rollup: 'cost_micros', entry: 'coalesce(cost_micros, 0)' },
} as const

const WINDOWS = {
  MINUTE: 'hour',
  HOUR: `date_bin('1 hour', hour, 'epoch')`,
  DAY: `date_trunc('day', hour, $8)`,
  WEEK: `date_trunc('week', hour, $8)`,
  MONTH: `date_trunc('month', hour, $8)`,
  TOTAL: `'epoch'::timestamptz`,
} as const

const CALLERS = `($3::uuid IS NULL OR key_id = $3) AND ($4::uuid[] IS NULL OR owner_id = ANY($4))`
const CONCERNS = `${CALLERS} AND ($5::uuid IS NULL OR provider_id = $5)`
const THROUGH_POOL = 'answered_by_id = $5 AND provider_id = ANY($9::uuid[])'

// Codes of requests that no limit was asked about.
const BEFORE = `code NOT IN ('key_expired', 'key_deleted', 'key_disabled', 'key_pending', 'permission_denied',
  'model_not_available', 'not_found', 'upstream_auth', 'overloaded')`

const ENTRY = `owner_id, key_id, provider_id, coalesce(model_asked, '') AS model, started_at, id, input_tokens,
  output_tokens, cost_micros`
const ENTRIES = `FROM usage_entries
  WHERE ${CALLERS} AND ($5::uuid IS NULL OR provider_id = $5 OR ${THROUGH_POOL}) AND ($6::text IS NULL OR model_asked LIKE $6)
  AND (code IS NULL OR ${BEFORE})`
const MINUTE = `date_bin('1 minute', started_at, 'epoch')`

// The sums do not say which member of a pool answered. They begin with the hour, or with the day that cuts it.
const SUMS = `
      SELECT hour, owner_id, key_id, provider_id, model, code, requests, input_tokens, output_tokens, cost_micros
      FROM usage_rollups WHERE hour >= $1 AND hour < $2 AND ${CONCERNS}
      UNION ALL
      SELECT greatest(date_trunc('hour', started_at), date_trunc('day', started_at, $8)), owner_id, key_id, provider_id,
        coalesce(model_asked, ''), coalesce(code, ''), 1, coalesce(input_tokens, 0), coalesce(output_tokens, 0),
        coalesce(cost_micros, 0)
      FROM usage_entries WHERE started_at >= $1 AND started_at < $2 AND ${THROUGH_POOL}`

/** The entries of the hours in which a window runs over, each with what its window had used with it. */
function judgedText(counted: string, period: LimitPeriod): string {
  if (period !== 'MINUTE') {
    return `
      SELECT e.*, before + sum(${counted}) OVER (PARTITION BY win ORDER BY started_at, id) AS until
      FROM crossing JOIN LATERAL (
        SELECT ${ENTRY} ${ENTRIES} AND started_at >= crossing.hour AND started_at < crossing.ends
      ) e ON true`
  }
  // Of a busy hour most minutes are not: only those that are need to be put in order.
  return `
      SELECT ${ENTRY}, sum(${counted}) OVER (PARTITION BY ${MINUTE} ORDER BY started_at, id) AS until
      ${ENTRIES} AND started_at >= $1 AND started_at < $2 AND ${MINUTE} IN (
        SELECT ${MINUTE} ${ENTRIES} AND started_at >= $1 AND started_at < $2
          AND date_bin('1 hour', started_at, 'epoch') IN (SELECT date_bin('1 hour', hour, 'epoch') FROM crossing)
        GROUP BY 1 HAVING sum(${counted}) > $7::bigint
      )`
}

const EVADES = '(provider_id, model) IN (SELECT * FROM unnest($10::uuid[], $11::text[]))'
const UNPRICED = '(provider_id, model) IN (SELECT * FROM unnest($12::uuid[], $13::text[]))'

// The hourly sums say in which hour a window runs over. Before it nobody is refused, after it everybody: only the
// entries of that hour itself are looked at one by one.
function summedText(metric: 'REQUESTS' | 'TOKENS' | 'MONEY', period: LimitPeriod, allowUnpriced: boolean): string {
  const counted = COUNTED[metric]
  return `
    WITH narrowed AS MATERIALIZED (
      SELECT hour, owner_id, key_id, provider_id, model, requests, ${counted.rollup} AS counted, ${WINDOWS[period]} AS win
      FROM (${SUMS}) sums WHERE ($6::text IS NULL OR model LIKE $6) AND ${BEFORE}
    ), hours AS (
      SELECT hour, win, sum(sum(counted)) OVER (PARTITION BY win ORDER BY hour) AS until, sum(counted) AS counted,
        least(hour + interval '1 hour', lead(hour) OVER (ORDER BY hour)) AS ends
      FROM narrowed GROUP BY hour, win
    ), crossing AS MATERIALIZED (
      SELECT hour, ends, win, until - counted AS before FROM hours WHERE until > $7::bigint AND until - counted <= $7::bigint
    ), spent AS (
      SELECT hour FROM hours WHERE until - counted > $7::bigint
    ), judged AS (${judgedText(counted.entry, period)}
    ), refused AS (
      SELECT owner_id, key_id, provider_id, model, count(*) AS requests, min(started_at) AS first_at FROM judged
      WHERE until > $7::bigint AND NOT ${UNPRICED} GROUP BY 1, 2, 3, 4
      UNION ALL
      SELECT owner_id, key_id, provider_id, model, sum(requests), min(hour) FROM narrowed JOIN spent USING (hour)
      WHERE NOT ${UNPRICED} GROUP BY 1, 2, 3, 4
      UNION ALL
      SELECT owner_id, key_id, provider_id, model, sum(requests), min(hour) FROM narrowed
      WHERE ${UNPRICED} AND NOT ${allowUnpriced} GROUP BY 1, 2, 3, 4
    )`
}

// A request is under way from its start to its end, a millisecond at least; one that began while others fill the limit
// is refused. At the same instant those that end come first.
const CONCURRENCY = `
  WITH narrowed AS MATERIALIZED (
    SELECT owner_id, key_id, provider_id, coalesce(model_asked, '') AS model, started_at, latency_ms, 1 AS requests,
      (row_number() OVER (ORDER BY started_at, id))::integer AS number
    ${ENTRIES} AND started_at >= $1 AND started_at < $2 AND $8::text IS NOT NULL
  ), steps AS (
    SELECT coalesce(array_agg(step ORDER BY at, step), '{}') AS steps FROM (
      SELECT started_at AS at, number AS step FROM narrowed
      UNION ALL
      SELECT started_at + greatest(latency_ms, 1) * interval '1 ms', -number FROM narrowed
    ) steps
  ), refused AS (
    SELECT owner_id, key_id, provider_id, model, count(*) AS requests, min(started_at) AS first_at
    FROM narrowed JOIN (SELECT refused_at_once(steps, $7::bigint) AS number FROM steps) full_then USING (number)
    GROUP BY 1, 2, 3, 4
  )`

// Summed here: a limit can refuse something of every key there is.
const ANSWER = `, combined AS MATERIALIZED (
    SELECT owner_id, key_id, provider_id, model, sum(requests)::int AS requests, min(first_at) AS first_at
    FROM refused WHERE NOT ${EVADES} GROUP BY 1, 2, 3, 4
  )
  SELECT (SELECT coalesce(sum(requests), 0)::int FROM narrowed) AS looked,
    (SELECT coalesce(sum(requests), 0)::int FROM refused WHERE ${EVADES}) AS "passedOnRequests",
    (SELECT coalesce(sum(requests), 0)::int FROM narrowed WHERE ${UNPRICED}) AS "unpricedRequests", totals.*, owner_id AS "ownerId",
    key_id AS "keyId", provider_id AS "providerId", model, requests, first_at AS "firstAt"
  FROM (
    SELECT coalesce(sum(requests), 0)::int AS "refusedRequests", count(DISTINCT key_id)::int AS "refusedKeys",
      count(DISTINCT owner_id)::int AS "refusedUsers"
    FROM combined
  ) totals LEFT JOIN (
    SELECT * FROM combined ORDER BY requests DESC, key_id, model LIMIT ${MAX_EXAMPLES}
  ) examples ON true
  ORDER BY requests DESC, key_id, model`

const textOf = ({ metric, period, allowUnpriced }: TrialQuestion) =>
  `${metric === 'CONCURRENCY' ? CONCURRENCY : summedText(metric, period ?? 'TOTAL', allowUnpriced)}${ANSWER}`

type Totals = Omit<TrialAnswer, 'requests' | 'examples'> & { readonly looked: number }
/** One row even when there is no example. */
type Row = Totals & (Refused | { readonly keyId: null })

/** What a limit would have refused, with some of it by key and model. */
export async function readTrial(pool: pg.Pool, question: TrialQuestion): Promise<TrialAnswer> {
  const { from, to, keyId, ownerIds, providerId, modelPattern, amount, timeZone, poolIds } = question
  const columns = (asked: readonly Asked[]) => [asked.map((one) => one.providerId), asked.map(({ model }) => model)]
  const pairs = [...columns(question.evasions), ...columns(question.unpriced)]
  const values = [from, to, keyId, ownerIds, providerId, modelPattern, amount, timeZone, poolIds, ...pairs]
  const { rows } = await pool.query<Row>(textOf(question), values)
  const { looked = 0, refusedRequests = 0, refusedKeys = 0, refusedUsers = 0 } = rows[0] ?? {}
  const { passedOnRequests = 0, unpricedRequests = 0 } = rows[0] ?? {}
  const examples = rows.filter((row) => row.keyId !== null)
  return {
    ...{ requests: looked, refusedRequests, refusedKeys, refusedUsers },
    ...{ passedOnRequests, unpricedRequests, examples },
  }
}

// An hour that used no more than the limit allows has no minute that did.
const excessText = (counted: string) => `
  SELECT max(hour) AS hour FROM (
    SELECT hour, sum(requests) OVER (ORDER BY hour DESC) AS requests FROM (
      SELECT date_bin('1 hour', hour, 'epoch') AS hour, sum(requests) AS requests FROM usage_rollups
      WHERE hour >= $1 AND hour < $2 AND ${CALLERS} AND ($6::text IS NULL OR model LIKE $6)
        AND ($5::uuid IS NULL OR provider_id = $5 OR provider_id = ANY($9::uuid[]))
      GROUP BY 1 HAVING sum(${counted}) > $8::bigint
    ) used
  ) hours WHERE requests > $7`

/**
 * The last hour from which on there were more requests than so many that have to be tried one by one; null: there were
 * not. Of a limit of minutes or hours these are the requests of the hours in which it can have run over; of a member of
 * pools all of theirs.
 */
export async function findExcess(pool: pg.Pool, question: TrialQuestion, maxRequests: number): Promise<Date | null> {
  const { from, to, keyId, ownerIds, providerId, modelPattern, metric, amount, poolIds } = question
  const narrowed = [from, to, keyId, ownerIds, providerId, modelPattern]
  const text = excessText(metric === 'CONCURRENCY' ? 'requests' : COUNTED[metric].rollup)
  const isSummed = metric !== 'CONCURRENCY' && poolIds.length === 0
  const values = [...narrowed, maxRequests, isSummed ? amount : 0n, poolIds]
  const { rows } = await pool.query<{ hour: Date | null }>(text, values)
  return rows[0]?.hour ?? null
}

/** What was asked for that the limit concerns. */
export async function listAsked(pool: pg.Pool, question: TrialQuestion): Promise<readonly Asked[]> {
  const { from, to, keyId, ownerIds, providerId, modelPattern, poolIds } = question
  const { rows } = await pool.query<Asked>(
    `SELECT DISTINCT provider_id AS "providerId", model FROM usage_rollups
    WHERE hour >= $1 AND hour < $2 AND ${CALLERS} AND ($6::text IS NULL OR model LIKE $6) AND ${BEFORE}
      AND ($5::uuid IS NULL OR provider_id = $5 OR provider_id = ANY($7::uuid[]))`,
    [from, to, keyId, ownerIds, providerId, modelPattern, poolIds],
  )
  return rows
}

/** The members of a group. */
export async function listMemberIds(pool: pg.Pool, groupId: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>('SELECT user_id AS id FROM group_members WHERE group_id = $1', [
    groupId,
  ])
  return rows.map(({ id }) => id)
}
