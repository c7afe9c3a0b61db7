import type pg from 'pg'

/** The stretch of time a job is to look at, and the instant until which nobody else works on it. */
export type JobWindow = { readonly from: Date; readonly to: Date }

/** Which of these jobs may be due: one statement, since it is asked every few seconds. A job nobody knows is. */
export async function listDue(pool: pg.Pool, jobs: readonly { name: string; everyMs: number }[], now: Date) {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT job.name FROM unnest($1::text[], $2::timestamptz[]) AS job (name, due) LEFT JOIN jobs ON jobs.name = job.name
     WHERE jobs.name IS NULL OR (done_until <= due AND (claimed_until IS NULL OR claimed_until <= $3))`,
    [jobs.map(({ name }) => name), jobs.map(({ everyMs }) => new Date(now.getTime() - everyMs).toISOString()), now],
  )
  return new Set(rows.map(({ name }) => name))
}

/**
 * Takes a job that is due and that no other node works on; null when there is nothing to do. A job that was never
 * run begins now: what was due before it existed is nobody's to tell.
 */
export async function claimJob(
  pool: pg.Pool,
  { name, now, everyMs, leaseMs }: { name: string; now: Date; everyMs: number; leaseMs: number },
): Promise<JobWindow | null> {
  await pool.query('INSERT INTO jobs (name, done_until) VALUES ($1, $2) ON CONFLICT DO NOTHING', [name, now])
  const { rows } = await pool.query<{ from: Date }>(
    `UPDATE jobs SET claimed_until = $3 WHERE name = $1 AND done_until <= $4
      AND (claimed_until IS NULL OR claimed_until <= $2) RETURNING done_until AS "from"`,
    [name, now, new Date(now.getTime() + leaseMs), new Date(now.getTime() - everyMs)],
  )
  return rows[0] ? { from: rows[0].from, to: now } : null
}

export const finishJob = (pool: pg.Pool, name: string, until: Date) =>
  pool.query('UPDATE jobs SET done_until = greatest(done_until, $2), claimed_until = NULL WHERE name = $1', [
    name,
    until,
  ])

/** Gives a job back undone; the next try looks at the same stretch again. */
export const releaseJob = (pool: pg.Pool, name: string) =>
  pool.query('UPDATE jobs SET claimed_until = NULL WHERE name = $1', [name])
