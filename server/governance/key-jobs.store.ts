import type pg from 'pg'

const IDLE = `
  SELECT k.id, p.idle_days AS "idleDays"
  FROM policies p JOIN api_keys k ON k.type = p.key_type
    JOIN key_secrets s ON s.key_id = k.id AND s.superseded_at IS NULL
  WHERE p.idle_days IS NOT NULL AND k.deleted_at IS NULL AND NOT k.pending
    AND (k.expires_at IS NULL OR k.expires_at > $1)
    AND greatest(k.last_used_at, s.created_at, (SELECT done_until FROM jobs WHERE name = $2))
      <= $1::timestamptz - make_interval(hours => p.idle_days * 24)
  ORDER BY k.id LIMIT $3`

/** Keys that nobody used for as long as their policy allows. */
export async function listIdleKeys(pool: pg.Pool, now: Date, resumed: string, take: number) {
  const { rows } = await pool.query<{ id: string; idleDays: number }>(IDLE, [now, resumed, take])
  return rows
}

/** Remembers since when keys can be used again. */
export const recordResumed = (pool: pg.Pool, name: string, at: Date) =>
  pool.query(
    `INSERT INTO jobs (name, done_until) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET done_until = greatest(jobs.done_until, excluded.done_until)`,
    [name, at],
  )
