import type pg from 'pg'
import { warnText } from '../limits/warnings.store.ts'
import type { Facts } from './batch.ts'
import { numbers, texts, words } from './column.ts'
import { writeSketch } from './latency.ts'
import { foldBy, type Slot, type Tally } from './sums.ts'

/** Names and types of rows that come as one array per column, from parameter `first` on. */
const rows = (first: number, name: string, columns: Readonly<Record<string, string>>) => {
  const arrays = Object.values(columns).map((type, at) => `$${first + at}::${type}[]`)
  return `unnest(${arrays.join(', ')}) AS ${name} (${Object.keys(columns).join(', ')})`
}

const NUMBERS = {
  requests: 'integer',
  input_tokens: 'bigint',
  output_tokens: 'bigint',
  cached_tokens: 'bigint',
  cost_micros: 'bigint',
  unpriced: 'integer',
  latency_ms: 'bigint',
}
const SKETCHES = { latencies: 'text', first_tokens: 'text' }
const GROUP = {
  key_id: 'uuid',
  owner_id: 'uuid',
  provider_id: 'uuid',
  model: 'text',
  status: 'smallint',
  code: 'text',
  ...NUMBERS,
  ...SKETCHES,
}
const MEASURE = { dimension: 'text', value: 'text', errors: 'integer', ...NUMBERS, ...SKETCHES }
const USE = { id: 'uuid', at: 'float8', requests: 'integer' }
const CHARGE = { limit_id: 'uuid', at: 'float8', node_id: 'uuid', amount: 'bigint' }

const instant = (ms: string) => `to_timestamp(${ms} / 1000)`

const ADDED = `
      requests = sums.requests + excluded.requests,
      input_tokens = sums.input_tokens + excluded.input_tokens,
      output_tokens = sums.output_tokens + excluded.output_tokens,
      cached_tokens = sums.cached_tokens + excluded.cached_tokens,
      cost_micros = sums.cost_micros + excluded.cost_micros,
      unpriced = sums.unpriced + excluded.unpriced,
      latency_ms = sums.latency_ms + excluded.latency_ms,
      latencies = merge_sketches(sums.latencies, excluded.latencies),
      first_tokens = merge_sketches(sums.first_tokens, excluded.first_tokens)`

/** Adds to the sums of one grain. */
const summed = (table: string, column: string) => `
    INSERT INTO ${table} AS sums (${column}, key_id, owner_id, provider_id, model, status, code, requests,
      input_tokens, output_tokens, cached_tokens, cost_micros, unpriced, latency_ms, latencies, first_tokens)
    SELECT slot.${column}, key_id, owner_id, provider_id, model, status, code, requests, input_tokens, output_tokens,
      cached_tokens, cost_micros, unpriced, latency_ms, latencies::bigint[], first_tokens::bigint[] FROM slot, groups
    ORDER BY key_id, provider_id, model, status, code
    ON CONFLICT (${column}, key_id, provider_id, model, status, code) DO UPDATE SET${ADDED}`

/** Adds to the measures of each group. */
const measured = (first: number) => `
    INSERT INTO usage_measures AS sums (whole_day, starts_at, dimension, value, requests, errors, input_tokens,
      output_tokens, cached_tokens, cost_micros, unpriced, latency_ms, latencies, first_tokens)
    SELECT grain.whole_day, grain.starts_at, dimension, value, requests, errors, input_tokens, output_tokens,
      cached_tokens, cost_micros, unpriced, latency_ms, latencies::bigint[], first_tokens::bigint[]
    FROM slot, LATERAL (VALUES (true, slot.day), (false, slot.hour)) AS grain (whole_day, starts_at),
      ${rows(first, 'measures', MEASURE)}
    ORDER BY 3, 1, 2, 4
    ON CONFLICT (dimension, whole_day, starts_at, value) DO UPDATE SET
      errors = sums.errors + excluded.errors,${ADDED}`

// What was used of limits counts with the entry itself, and leaves the lease of the node that held it in the same
// instant. A lease may not know yet that it was used: then it leaves what was reserved or free.
const charged = (first: number) => `
  charges AS (
    SELECT limit_id, ${instant('at')} AS starts_at, node_id, amount FROM ${rows(first, 'charge', CHARGE)}
  ), charged AS (
    INSERT INTO limit_windows AS w (limit_id, starts_at, used)
    SELECT limit_id, starts_at, sum(amount) FROM charges GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (limit_id, starts_at) DO UPDATE SET used = w.used + excluded.used
    RETURNING limit_id, starts_at, used
  ), leased AS (
    UPDATE limit_leases l SET
      unstored = greatest(0, l.unstored - c.amount),
      reserved = l.reserved - least(l.reserved, greatest(0, c.amount - l.unstored)),
      idle = l.idle - least(greatest(l.idle, 0), greatest(0, c.amount - l.unstored - l.reserved))
    FROM charges c JOIN charged USING (limit_id, starts_at)
    WHERE l.limit_id = c.limit_id AND l.starts_at = c.starts_at AND l.node_id = c.node_id
  ), warned AS (${warnText('charged', 'now()')}
  )`

/**
 * What adds to all sums, behind a `WITH`; the values are those of `sumValues`, from this number on. Days are those of the
 * installation. An hour that midnight cuts, as in Kolkata and Kathmandu, is two: so each hour is of one day. Sorting the
 * rows of each target makes nodes take their locks in the same order.
 */
export function sumsText(first: number): string {
  const groups = first + 1
  const measures = groups + Object.keys(GROUP).length
  const keys = measures + Object.keys(MEASURE).length
  const secrets = keys + Object.keys(USE).length
  const charges = secrets + Object.keys(USE).length
  return `slot AS (
    SELECT day, greatest(date_trunc('hour', at, 'UTC'), day) AS hour FROM (
      SELECT at, local_day(at, time_zone) AS day FROM ${instant(`$${first}::float8`)} AS at, installation WHERE installation.id = 1
    ) AS of_day
  ), groups AS (SELECT * FROM ${rows(groups, 'groups', GROUP)}
  ), summed AS (${summed('usage_rollups', 'hour')}
  ), summed_days AS (${summed('usage_days', 'day')}
  ), measured AS (${measured(measures)}
  ), used_keys AS (
    UPDATE api_keys SET last_used_at = used.at
    FROM (
      SELECT k.id, ${instant('u.at')} AS at FROM api_keys k JOIN ${rows(keys, 'u', USE)}
      ON u.id = k.id ORDER BY k.id FOR NO KEY UPDATE OF k
    ) used
    WHERE api_keys.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)
  ), used_secrets AS (
    UPDATE key_secrets SET last_used_at = greatest(last_used_at, used.at), request_count = request_count + used.requests
    FROM (
      SELECT s.id, ${instant('u.at')} AS at, u.requests FROM key_secrets s JOIN ${rows(secrets, 'u', USE)}
      ON u.id = s.id ORDER BY s.id FOR NO KEY UPDATE OF s
    ) used
    WHERE key_secrets.id = used.id
  ), ${charged(charges)}`
}

const ADD = `WITH ${sumsText(1)} SELECT count(*) FROM charged`

const DIMENSIONS: Readonly<Record<string, (facts: Facts) => string>> = {
  ALL: () => '',
  OWNER: ({ ownerId }) => ownerId,
  PROVIDER: ({ providerId }) => providerId,
  MODEL: ({ modelAsked }) => modelAsked ?? '',
  STATUS: ({ status }) => String(status),
  CODE: ({ code }) => code ?? '',
}

/** Adds what entries that were inserted in the same transaction add up to. */
export async function addSums(client: pg.PoolClient, slot: Slot): Promise<void> {
  await client.query({ name: 'add-usage-sums', text: ADD, values: sumValues(slot) })
}

/** The values of `sumsText`. */
export const sumValues = ({ startsAt, tallies, charges }: Slot): unknown[] => [
  startsAt,
  ...groupColumns(tallies),
  ...measureColumns(tallies),
  ...useColumns(foldBy(tallies, ({ keyId }) => keyId)),
  ...useColumns(foldBy(tallies, ({ secretId }) => secretId)),
  words(charges.map(({ limitId }) => limitId)),
  numbers(charges.map(({ at }) => at)),
  words(charges.map(({ node }) => node)),
  numbers(charges.map(({ amount }) => amount)),
]

function groupColumns(all: readonly Tally[]): readonly string[] {
  const folded = foldBy(
    all,
    ({ keyId, providerId, modelAsked, status, code }) =>
      `${keyId} ${providerId} ${modelAsked ?? ''}\n${status} ${code ?? ''}`,
  )
  const tallies = folded.map(([, tally]) => tally)
  return [
    words(tallies.map(({ facts }) => facts.keyId)),
    words(tallies.map(({ facts }) => facts.ownerId)),
    words(tallies.map(({ facts }) => facts.providerId)),
    texts(tallies.map(({ facts }) => facts.modelAsked ?? '')),
    numbers(tallies.map(({ facts }) => facts.status)),
    texts(tallies.map(({ facts }) => facts.code ?? '')),
    ...sumColumns(tallies),
  ]
}

function measureColumns(all: readonly Tally[]): readonly string[] {
  const folded = Object.entries(DIMENSIONS).flatMap(([dimension, keyOf]) =>
    foldBy(all, keyOf).map(([value, tally]) => ({ dimension, value, tally })),
  )
  const tallies = folded.map(({ tally }) => tally)
  return [
    words(folded.map(({ dimension }) => dimension)),
    texts(folded.map(({ value }) => value)),
    numbers(tallies.map(({ errors }) => errors)),
    ...sumColumns(tallies),
  ]
}

/** `NUMBERS` and `SKETCHES`. */
const sumColumns = (tallies: readonly Tally[]) => [
  numbers(tallies.map(({ requests }) => requests)),
  numbers(tallies.map(({ inputTokens }) => inputTokens)),
  numbers(tallies.map(({ outputTokens }) => outputTokens)),
  numbers(tallies.map(({ cachedTokens }) => cachedTokens)),
  numbers(tallies.map(({ costMicros }) => costMicros)),
  numbers(tallies.map(({ unpriced }) => unpriced)),
  numbers(tallies.map(({ latencyMs }) => latencyMs)),
  texts(tallies.map(({ latencies }) => writeSketch(latencies))),
  texts(tallies.map(({ firstTokens }) => writeSketch(firstTokens))),
]

const useColumns = (folded: readonly (readonly [string, Tally])[]) => [
  words(folded.map(([id]) => id)),
  numbers(folded.map(([, { lastAt }]) => lastAt)),
  numbers(folded.map(([, { requests }]) => requests)),
]
