import type pg from 'pg'
import type { UsageEntryFilter } from './entries.store.ts'

const HOUR_MS = 3_600_000

const NARROWED = `($5::uuid IS NULL OR key_id = $5) AND ($6::uuid IS NULL OR provider_id = $6)
  AND ($7::int[] IS NULL OR status = ANY($7)) AND ($8::text[] IS NULL OR code = ANY($8))`

// Sums outlive the entries they are of; partitions go by whole days, so the first hour that has one is there whole.
const COUNT = `
  SELECT (
    (SELECT coalesce(sum(requests), 0) FROM usage_rollups
      WHERE hour >= greatest($2, (SELECT date_trunc('hour', min(started_at), 'UTC') FROM usage_entries)) AND hour < $3
        AND ${NARROWED} AND ($8::text[] IS NULL AND NOT $9 OR code <> ''))
    + (SELECT count(*) FROM usage_entries
      WHERE started_at >= $1 AND started_at < $2 AND ${NARROWED} AND (NOT $9 OR code IS NOT NULL))
    + (SELECT count(*) FROM usage_entries
      WHERE started_at >= $3 AND started_at < $4 AND ${NARROWED} AND (NOT $9 OR code IS NOT NULL))
  )::int AS count`

/** Null: not narrowed, as an empty list. */
const among = <Value>(values: readonly Value[] | null | undefined) => (values && values.length > 0 ? values : null)

/**
 * How many entries there are, exactly: whole hours from their sums, what is left at both ends from the entries. Null
 * when the sums do not know what the filter asks for, or nothing would be won.
 */
export async function countBySums(pool: pg.Pool, filter: UsageEntryFilter, now: Date): Promise<number | null> {
  const { from, to, ownerId, keyId, providerId, model, end } = filter
  // A key may have changed hands within an hour, and a model may be the one that answered.
  if (ownerId || model || among(end)) return null
  const [begins, ends] = [from?.getTime() ?? 0, to?.getTime() ?? now.getTime() + HOUR_MS]
  const first = Math.ceil(begins / HOUR_MS) * HOUR_MS
  const last = Math.floor(Math.min(ends, now.getTime()) / HOUR_MS) * HOUR_MS
  if (last <= first) return null
  const instants = [begins, first, last, ends].map((at) => new Date(at))
  const narrowing = [keyId ?? null, providerId ?? null, among(filter.status), among(filter.code)]
  const { rows } = await pool.query<{ count: number }>(COUNT, [...instants, ...narrowing, filter.errorsOnly ?? false])
  return rows[0]?.count ?? 0
}
