import type pg from 'pg'
import type { UsageEntryFilter } from './entries.store.ts'
import { rowsText } from './report.store.ts'
import { dayBounds } from './stretch.ts'

const HOUR_MS = 3_600_000

/** What sums can be narrowed to: everything but how a request ended. */
export type Countable = Omit<UsageEntryFilter, 'end' | 'answeredById'>

// Sums outlive the entries they are of; partitions go by whole days, so an hour that has one is there whole.
const FIRST_DAY = `
  SELECT min(to_date(right(c.relname, 8), 'YYYYMMDD'))::timestamp AT TIME ZONE 'UTC' AS day
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'usage_entries'::regclass AND c.relname ~ '^usage_entries_\\d{8}$'`

const NARROWED = `($8::int[] IS NULL OR status = ANY($8)) AND ($11::text[] IS NULL OR code = ANY($11))
  AND ($11 IS NULL AND NOT $12 OR code <> '')`

const AT_AN_END = (from: string, to: string) => `
  SELECT count(*) FROM usage_entries WHERE started_at >= ${from} AND started_at < ${to} AND ${NARROWED}
    AND ($3::uuid IS NULL OR owner_id = $3) AND ($4::uuid IS NULL OR key_id = $4)
    AND ($5::uuid IS NULL OR provider_id = $5) AND ($6::text IS NULL OR model_asked = $6)`

const COUNT = `
  SELECT (
    (SELECT coalesce(sum(requests), 0) FROM (${rowsText('TOTAL', null, 'requests, status, code')}) AS sums WHERE ${NARROWED})
    + (${AT_AN_END('$13', '$14')}) + (${AT_AN_END('$15', '$16')})
  )::int AS count, $7::timestamptz AS day`

/** Null: not narrowed, as an empty list. */
const among = <Value>(values: readonly Value[] | null | undefined) => (values && values.length > 0 ? values : null)

/** The whole hours of a span; at its ends is what is left of it, before the first and after the last of them. */
function wholeHours(from: number, to: number): readonly [number, number] {
  const first = Math.min(Math.ceil(from / HOUR_MS) * HOUR_MS, to)
  return [first, Math.max(first, Math.floor(to / HOUR_MS) * HOUR_MS)]
}

/**
 * How many entries there are, exactly: whole days and hours from their sums, what is left at both ends from the entries
 * by their time.
 */
export async function countBySums(
  reports: pg.Pool,
  filter: Countable,
  { now, timeZone }: { readonly now: Date; readonly timeZone: string },
): Promise<number> {
  const { rows: days } = await reports.query<{ day: Date | null }>(FIRST_DAY)
  const kept = days[0]?.day?.getTime() ?? now.getTime()
  const begins = Math.max(filter.from?.getTime() ?? 0, kept)
  // The hour that has just begun is summed as it is.
  const ends = Math.min(
    filter.to?.getTime() ?? Number.POSITIVE_INFINITY,
    (Math.floor(now.getTime() / HOUR_MS) + 2) * HOUR_MS,
  )
  if (ends <= begins) return 0
  const [first, last] = wholeHours(begins, ends)
  const [from, to] = [new Date(first), new Date(last)]
  const { ownerId, keyId, providerId, model, errorsOnly } = filter
  const [day, firstDay, lastDay] = dayBounds(from, to, timeZone)
  const { rows } = await reports.query<{ count: number }>(COUNT, [
    ...[from, to],
    ...[ownerId, keyId, providerId, model].map((value) => value || null),
    ...[day, among(filter.status), firstDay, lastDay, among(filter.code), errorsOnly ?? false],
    ...[new Date(begins), from, to, new Date(ends)],
  ])
  return rows[0]?.count ?? 0
}
