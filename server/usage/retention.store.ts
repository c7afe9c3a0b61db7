import type pg from 'pg'

const DAY_MS = 86_400_000
/** So many coming days have their partition before anybody needs it. */
const AHEAD_DAYS = 7

const dateOf = (at: number) => new Date(at).toISOString().slice(0, 10)

/**
 * Makes the partitions of the coming days, drops those beyond the retention (their sums stay) and windows of limits
 * that ended long ago. Any number of nodes may do it. Answers how many partitions were dropped.
 */
export async function tidyUsage(pool: pg.Pool, now: Date, retentionDays: number): Promise<number> {
  const today = now.getTime()
  await pool.query('SELECT ensure_usage_partitions($1::date, $2::date)', [
    dateOf(today),
    dateOf(today + AHEAD_DAYS * DAY_MS),
  ])
  await pool.query(OLD_WINDOWS, [now])
  await pool.query(OLD_LEASES, [now])
  const { rows } = await pool.query<{ dropped: number }>('SELECT drop_usage_partitions($1::date) AS dropped', [
    dateOf(today - retentionDays * DAY_MS),
  ])
  return rows[0]?.dropped ?? 0
}

// Entries that were kept on disk while the database was away may still belong to a window of some days ago.
const OLD_WINDOWS = `
  DELETE FROM limit_windows w USING limits l
  WHERE l.id = w.limit_id AND w.starts_at < $1::timestamptz - CASE l.period
    WHEN 'MINUTE' THEN interval '2 days' WHEN 'HOUR' THEN interval '7 days' WHEN 'DAY' THEN interval '30 days'
    WHEN 'WEEK' THEN interval '60 days' WHEN 'MONTH' THEN interval '400 days' ELSE NULL END`

const OLD_LEASES = `
  DELETE FROM limit_leases l WHERE NOT EXISTS (
    SELECT 1 FROM limit_windows w WHERE w.limit_id = l.limit_id AND w.starts_at = l.starts_at
  ) AND l.starts_at < $1::timestamptz - interval '2 days' AND l.starts_at > 'epoch'`
