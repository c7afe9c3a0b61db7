import type pg from 'pg'
import type { LimitPeriod } from '../generated/prisma/enums.ts'

/**
 * SQL that tells of what is used up to 80 and to 100 % of what its limit allows at an instant, of each amount once. `used`
 * has `limit_id`, `starts_at` and `used`. Minutes are over before anybody could read of them.
 */
export const warnText = (used: string, at: string) => `
    INSERT INTO events (at, kind, subject_type, subject_id, details, occasion)
    SELECT ${at}, level.kind, 'Limit', l.id,
      jsonb_build_object('startsAt', ${used}.starts_at, 'used', ${used}.used, 'amount', limit_amount(l, ${at})),
      concat_ws(' ', level.kind, l.id, ${used}.starts_at, limit_amount(l, ${at}))
    FROM ${used} JOIN limits l ON l.id = ${used}.limit_id AND l.period <> 'MINUTE' AND l.deleted_at IS NULL
    JOIN (VALUES ('limit_warning', 80), ('limit_reached', 100)) AS level (kind, percent)
      ON ${used}.used * 100 >= limit_amount(l, ${at}) * level.percent
    ON CONFLICT (occasion) DO NOTHING`

const ENDED = `
  WITH fallen AS (
    SELECT w.limit_id, w.starts_at, w.used
    FROM limits l JOIN unnest($3::text[], $4::timestamptz[]) AS since (period, starts_at) ON since.period = l.period::text
    JOIN limit_windows w ON w.limit_id = l.id AND w.starts_at >= since.starts_at
    WHERE l.enabled AND l.raised_until > $1 AND l.raised_until <= $2
  )${warnText('fallen', '$2::timestamptz')}`

/** Where the window of a period begins that counts now, at the earliest (epoch ms). */
export type Since = { readonly period: LimitPeriod; readonly startsAt: number }

/** Warns of limits whose raise ended within this stretch of time: nothing has to be used for that. */
export async function warnOfEnded(
  pool: pg.Pool,
  { from, to }: { readonly from: Date; readonly to: Date },
  since: readonly Since[],
): Promise<void> {
  const starts = since.map(({ startsAt }) => new Date(startsAt))
  await pool.query(ENDED, [from, to, since.map(({ period }) => period), starts])
}
