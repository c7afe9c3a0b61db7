import pg from 'pg'
import type { Charge } from '../limits/charge.ts'
import type { UsageEntry } from './usage-entry.ts'

const DAY_MS = 86_400_000

const COLUMNS: readonly (readonly [name: string, type: string, read: (entry: UsageEntry) => unknown])[] = [
  ['id', 'uuid', (entry) => entry.id],
  ['started_at', 'timestamptz', (entry) => new Date(entry.startedAt).toISOString()],
  ['key_id', 'uuid', (entry) => entry.keyId],
  ['secret_id', 'uuid', (entry) => entry.secretId],
  ['owner_id', 'uuid', (entry) => entry.ownerId],
  ['provider_id', 'uuid', (entry) => entry.providerId],
  ['endpoint', 'text', (entry) => entry.endpoint],
  ['model_asked', 'text', (entry) => entry.modelAsked],
  ['model_answered', 'text', (entry) => entry.modelAnswered],
  ['status', 'smallint', (entry) => entry.status],
  ['code', 'text', (entry) => entry.code],
  ['end', '"UsageEnd"', (entry) => entry.end],
  ['streamed', 'boolean', (entry) => entry.streamed],
  ['input_tokens', 'integer', (entry) => entry.inputTokens],
  ['output_tokens', 'integer', (entry) => entry.outputTokens],
  ['cached_tokens', 'integer', (entry) => entry.cachedTokens],
  ['tokens_estimated', 'boolean', (entry) => entry.tokensEstimated ?? false],
  ['cost_micros', 'bigint', (entry) => entry.costMicros],
  ['latency_ms', 'integer', (entry) => entry.latencyMs],
  ['first_token_ms', 'integer', (entry) => entry.firstTokenMs],
  ['overhead_us', 'integer', (entry) => entry.overheadUs],
  ['request_bytes', 'bigint', (entry) => entry.requestBytes],
  ['response_bytes', 'bigint', (entry) => entry.responseBytes],
  // A journal of an earlier version says nothing of these two, nor of estimates.
  ['refused_by_type', '"RefusalCause"', (entry) => entry.refusedByType ?? null],
  ['refused_by_id', 'uuid', (entry) => entry.refusedById ?? null],
]

// Amounts of limits, one row per entry and limit.
const CHARGES: readonly (readonly [type: string, read: (entry: UsageEntry, charge: Charge) => unknown])[] = [
  ['uuid', (entry) => entry.id],
  ['uuid', (_entry, charge) => charge.limitId],
  ['timestamptz', (_entry, charge) => new Date(charge.at).toISOString()],
  ['uuid', (_entry, charge) => charge.node],
  ['bigint', (_entry, charge) => charge.amount],
]

const names = COLUMNS.map(([name]) => `"${name}"`).join(', ')
const arrays = COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')
const chargeArrays = CHARGES.map(([type], index) => `$${COLUMNS.length + index + 1}::${type}[]`).join(', ')

// What was used of limits counts with the entry itself, and leaves the lease of the node that held it in the same
// instant. A lease may not know yet that it was used: then it leaves what was reserved or free.
const CHARGED = `
  charges AS (
    SELECT c.limit_id, c.starts_at, c.node_id, sum(c.amount)::bigint AS amount
    FROM unnest(${chargeArrays}) AS c (entry_id, limit_id, starts_at, node_id, amount)
    JOIN added a ON a.id = c.entry_id GROUP BY 1, 2, 3 HAVING sum(c.amount) > 0
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
  ), warned AS (
    INSERT INTO events (at, kind, subject_type, subject_id, details, occasion)
    SELECT now(), level.kind, 'Limit', l.id,
      jsonb_build_object('startsAt', charged.starts_at, 'used', charged.used, 'amount', limit_amount(l, now())),
      concat_ws(' ', level.kind, l.id, charged.starts_at)
    FROM charged JOIN limits l ON l.id = charged.limit_id AND l.period <> 'MINUTE' AND l.deleted_at IS NULL
    JOIN (VALUES ('limit_warning', 80), ('limit_reached', 100)) AS level (kind, percent)
      ON charged.used * 100 >= limit_amount(l, now()) * level.percent
    ON CONFLICT (occasion) DO NOTHING
  )`

/** Adds what was inserted to the sums of one grain. */
const summed = (table: string, column: 'hour' | 'day') => `
    INSERT INTO ${table} AS sums (${column}, key_id, owner_id, provider_id, model, status, code, requests,
      input_tokens, output_tokens, cached_tokens, cost_micros, latency_ms, latencies, first_tokens)
    SELECT ${column}, key_id, (array_agg(owner_id))[1], provider_id, coalesce(model_asked, ''), status,
      coalesce(code, ''), count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
      coalesce(sum(cached_tokens), 0), coalesce(sum(cost_micros), 0), sum(latency_ms),
      sketch_of(array_agg(latency_ms) FILTER (WHERE "end" NOT IN ('REFUSED', 'INTERRUPTED'))),
      sketch_of(array_agg(first_token_ms) FILTER (WHERE first_token_ms IS NOT NULL))
    FROM placed GROUP BY 1, 2, 4, 5, 6, 7 ORDER BY 1, 2, 4, 5, 6, 7
    ON CONFLICT (${column}, key_id, provider_id, model, status, code) DO UPDATE SET
      requests = sums.requests + excluded.requests,
      input_tokens = sums.input_tokens + excluded.input_tokens,
      output_tokens = sums.output_tokens + excluded.output_tokens,
      cached_tokens = sums.cached_tokens + excluded.cached_tokens,
      cost_micros = sums.cost_micros + excluded.cost_micros,
      latency_ms = sums.latency_ms + excluded.latency_ms,
      latencies = merge_sketches(sums.latencies, excluded.latencies),
      first_tokens = merge_sketches(sums.first_tokens, excluded.first_tokens)`

// Days are those of the installation. An hour that midnight cuts, as in Kolkata and Kathmandu, is two: so each hour is
// of one day.
const PLACED = `
    SELECT *, greatest(date_trunc('hour', started_at, 'UTC'), day) AS hour FROM (
      SELECT added.*, local_day(started_at, time_zone) AS day FROM added, installation WHERE installation.id = 1
    ) AS of_day`

/** Adds what was inserted to the histograms of each group. */
const MEASURED = `
    INSERT INTO usage_durations AS sums (whole_day, starts_at, dimension, value, latencies, first_tokens)
    SELECT whole_day, starts_at, dimension, value, sketch_of(array_agg(latency_ms)), sketch_of(array_agg(first_token_ms))
    FROM placed,
      LATERAL (VALUES ('ALL', ''), ('OWNER', owner_id::text), ('PROVIDER', provider_id::text),
        ('MODEL', coalesce(model_asked, '')), ('STATUS', status::text), ('CODE', coalesce(code, ''))
      ) AS grouped (dimension, value),
      LATERAL (VALUES (true, day), (false, hour)) AS grain (whole_day, starts_at)
    WHERE "end" NOT IN ('REFUSED', 'INTERRUPTED')
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (dimension, whole_day, starts_at, value) DO UPDATE SET
      latencies = merge_sketches(sums.latencies, excluded.latencies),
      first_tokens = merge_sketches(sums.first_tokens, excluded.first_tokens)`

// One statement, so one instant: what was inserted now, and only that, is added to the sums and moves "last used".
// Sorting the rows of each target makes nodes take their locks in the same order.
const INSERT = `
  WITH added AS (
    INSERT INTO usage_entries (${names}) SELECT ${names} FROM unnest(${arrays}) AS entry (${names})
    ON CONFLICT DO NOTHING
    RETURNING *
  ), placed AS (${PLACED}
  ), summed AS (${summed('usage_rollups', 'hour')}
  ), summed_days AS (${summed('usage_days', 'day')}
  ), measured AS (${MEASURED}
  ), used_keys AS (
    UPDATE api_keys SET last_used_at = used.at
    FROM (
      SELECT k.id, u.at FROM api_keys k JOIN (SELECT key_id, max(started_at) AS at FROM added GROUP BY 1) u
      ON u.key_id = k.id ORDER BY k.id FOR NO KEY UPDATE OF k
    ) used
    WHERE api_keys.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)
  ), used_secrets AS (
    UPDATE key_secrets SET last_used_at = greatest(last_used_at, used.at), request_count = request_count + used.requests
    FROM (
      SELECT s.id, u.at, u.requests FROM key_secrets s
      JOIN (SELECT secret_id, max(started_at) AS at, count(*) AS requests FROM added GROUP BY 1) u
      ON u.secret_id = s.id ORDER BY s.id FOR NO KEY UPDATE OF s
    ) used
    WHERE key_secrets.id = used.id
  ), ${CHARGED}
  SELECT count(*)::int AS added FROM added`

const dayOf = (entry: UsageEntry) => Math.floor(entry.startedAt / DAY_MS)

/**
 * Stores a batch with its sums. Repeating a batch, or part of one, changes nothing: an entry counts once by its id.
 * Answers how many were new.
 */
export async function insertEntries(pool: pg.Pool, entries: readonly UsageEntry[]): Promise<number> {
  if (entries.length === 0) return 0
  await ensurePartitions(pool, entries)
  const charges = entries.flatMap((entry) => (entry.charges ?? []).map((charge) => [entry, charge] as const))
  const values = [
    ...COLUMNS.map(([, type, read]) => toArray(type, entries.map(read))),
    ...CHARGES.map(([type, read]) =>
      toArray(
        type,
        charges.map(([entry, charge]) => read(entry, charge)),
      ),
    ),
  ]
  const { rows } = await pool.query<{ added: number }>({ name: 'insert-usage-entries', text: INSERT, values })
  return rows[0]?.added ?? 0
}

/** An array in the database's text form. The driver would look at each value twice to find out what it is. */
function toArray(type: string, values: readonly unknown[]): string {
  const write = type === 'text' ? writeText : (value: unknown) => (value === null ? 'NULL' : String(value))
  return `{${values.map(write).join()}}`
}

const writeText = (value: unknown) =>
  value === null ? 'NULL' : `"${String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

const ensured = new WeakMap<pg.Pool, Set<number>>()

/** Entries may be days old when the database was away: their days get a partition too. */
async function ensurePartitions(pool: pg.Pool, entries: readonly UsageEntry[]): Promise<void> {
  const known = ensured.get(pool) ?? new Set<number>()
  ensured.set(pool, known)
  for (const day of new Set(entries.map(dayOf))) {
    if (known.has(day)) continue
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
    await pool.query('SELECT ensure_usage_partitions($1::date, $1::date)', [date])
    known.add(day)
  }
}

/** True when the database refuses the data itself (class 22 and 23), and would for ever. */
export const refusesData = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^2[23]/.test(error.code ?? '')
