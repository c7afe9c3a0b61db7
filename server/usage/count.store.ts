import type pg from 'pg'
import type { UsageEntryFilter } from './entries.store.ts'
import { narrowed, PARAMETERS, rowsText, type Sought, valuesOf } from './rows.ts'

const HOUR_MS = 3_600_000

/** What sums can be narrowed to: everything but how a request ended. */
export type Countable = Omit<UsageEntryFilter, 'end' | 'answeredById'>

// Sums outlive the entries they are of; partitions go by whole days, so an hour that has one is there whole.
const FIRST_DAY = `
  SELECT min(to_date(right(c.relname, 8), 'YYYYMMDD'))::timestamp AT TIME ZONE 'UTC' AS day
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'usage_entries'::regclass AND c.relname ~ '^usage_entries_\\d{8}$'`

const atAnEnd = (counted: string, from: string, to: string) => `
  SELECT count(${counted}) FROM usage_entries
  WHERE started_at >= ${from} AND started_at < ${to} AND ${narrowed('model_asked')}`

/** How many are in the whole hours from $1 to $2, and at the ends from $14 on and to before $15. */
function textOf(sought: Sought, errorsOnly: boolean): string {
  // A code is one of an error; an entry without an error has none.
  const [sums, entries] = errorsOnly ? ['errors', 'code'] : ['requests', '*']
  return `
    WITH ${PARAMETERS} SELECT (
      (SELECT coalesce(sum(${sums}), 0) FROM (${rowsText(sought, sums)}) AS sums)
      + (${atAnEnd(entries, '$14', '$1')}) + (${atAnEnd(entries, '$2', '$15')})
    )::int AS count`
}

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
  const [status, code] = [among(filter.status), among(filter.code)]
  const sought: Sought = {
    from: new Date(first),
    to: new Date(last),
    interval: 'TOTAL',
    groupBy: null,
    timeZone,
    filter: { ...filter, model: filter.model || null, status, code },
  }
  const text = textOf(sought, filter.errorsOnly || code !== null)
  const { rows } = await reports.query<{ count: number }>(text, [...valuesOf(sought), new Date(begins), new Date(ends)])
  return rows[0]?.count ?? 0
}
