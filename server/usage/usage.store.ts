import pg from 'pg'
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
  ['cost_micros', 'bigint', (entry) => entry.costMicros],
  ['latency_ms', 'integer', (entry) => entry.latencyMs],
  ['first_token_ms', 'integer', (entry) => entry.firstTokenMs],
  ['overhead_us', 'integer', (entry) => entry.overheadUs],
  ['request_bytes', 'bigint', (entry) => entry.requestBytes],
  ['response_bytes', 'bigint', (entry) => entry.responseBytes],
  // A journal of an earlier version says nothing of these two.
  ['refused_by_type', '"RefusalCause"', (entry) => entry.refusedByType ?? null],
  ['refused_by_id', 'uuid', (entry) => entry.refusedById ?? null],
]

const names = COLUMNS.map(([name]) => `"${name}"`).join(', ')
const arrays = COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')

// One statement, so one instant: what was inserted now, and only that, is added to the sums and moves "last used".
// Sorting the rows of each target makes nodes take their locks in the same order.
const INSERT = `
  WITH added AS (
    INSERT INTO usage_entries (${names}) SELECT ${names} FROM unnest(${arrays}) AS entry (${names})
    ON CONFLICT DO NOTHING
    RETURNING *
  ), summed AS (
    INSERT INTO usage_rollups AS rollup (hour, key_id, owner_id, provider_id, model, status, code, requests,
      input_tokens, output_tokens, cached_tokens, cost_micros, latency_ms)
    SELECT date_trunc('hour', started_at, 'UTC') AS hour, key_id, (array_agg(owner_id))[1], provider_id,
      coalesce(model_asked, '') AS model, status, coalesce(code, '') AS code, count(*),
      coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cached_tokens), 0),
      coalesce(sum(cost_micros), 0), sum(latency_ms)
    FROM added GROUP BY 1, 2, 4, 5, 6, 7 ORDER BY 1, 2, 4, 5, 6, 7
    ON CONFLICT (hour, key_id, provider_id, model, status, code) DO UPDATE SET
      requests = rollup.requests + excluded.requests,
      input_tokens = rollup.input_tokens + excluded.input_tokens,
      output_tokens = rollup.output_tokens + excluded.output_tokens,
      cached_tokens = rollup.cached_tokens + excluded.cached_tokens,
      cost_micros = rollup.cost_micros + excluded.cost_micros,
      latency_ms = rollup.latency_ms + excluded.latency_ms
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
  )
  SELECT count(*)::int AS added FROM added`

const dayOf = (entry: UsageEntry) => Math.floor(entry.startedAt / DAY_MS)

/**
 * Stores a batch with its sums. Repeating a batch, or part of one, changes nothing: an entry counts once by its id.
 * Answers how many were new.
 */
export async function insertEntries(pool: pg.Pool, entries: readonly UsageEntry[]): Promise<number> {
  if (entries.length === 0) return 0
  await ensurePartitions(pool, entries)
  const values = COLUMNS.map(([, , read]) => entries.map(read))
  const { rows } = await pool.query<{ added: number }>({ name: 'insert-usage-entries', text: INSERT, values })
  return rows[0]?.added ?? 0
}

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
