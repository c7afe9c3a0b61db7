import type pg from 'pg'

/** What a node asks of one window of a limit. Instants are epoch milliseconds, amounts whole numbers. */
export type LeaseQuestion = {
  readonly limitId: string
  readonly nodeId: string
  readonly now: number
  /** The calendar window; null with `spanMs`: the running one. */
  readonly startsAt: number | null
  readonly spanMs: number | null
  /** The window that what it holds is of; null: it holds nothing. */
  readonly known: number | null
  readonly idle: number
  readonly reserved: number
  readonly unstored: number
  readonly report: number
  /** Nothing is given when even this does not fit. */
  readonly need: number
  /** What would be used at once. */
  readonly demand: number
  /** What would be welcome besides, where there is room. */
  readonly ahead: number
}

export type LeaseAnswer = {
  readonly startsAt: number
  readonly granted: number
  readonly allowed: number
  readonly used: number
  readonly othersIdle: number
  readonly othersReserved: number
  readonly othersUnstored: number
  /** What nobody holds. */
  readonly available: number
  readonly nodes: number
}

/** What a node holds of a window, for the others to know. */
export type LeaseReport = {
  readonly limitId: string
  readonly startsAt: number
  readonly idle: number
  readonly reserved: number
  readonly unstored: number
  readonly report: number
}

/** Where slices come from. Every call rejects when the database does not answer. */
export type LeaseStore = {
  /** One atomic statement. Null: the limit is gone or switched off. */
  lease(question: LeaseQuestion): Promise<LeaseAnswer | null>
  /** Extends what the node holds until `expiresAt` and says how much it is. */
  report(nodeId: string, expiresAt: number, reports: readonly LeaseReport[]): Promise<void>
  /** The node ends: what it held is free. */
  leave(nodeId: string): Promise<void>
}

const ANSWER_MS = 2_000

const LEASE = `
  SELECT begins, granted, allowed, spent, others_idle, others_reserved, others_unstored, available, nodes
  FROM lease_limit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

type LeaseRow = { readonly begins: Date; readonly nodes: number } & Readonly<
  Record<'granted' | 'allowed' | 'spent' | 'others_idle' | 'others_reserved' | 'others_unstored' | 'available', string>
>

const toDate = (at: number | null) => (at === null ? null : new Date(at))

// A report that arrives late must not undo what a newer one said.
const REPORT = `
  WITH node AS (
    INSERT INTO limit_nodes (id, expires_at) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at
  )
  UPDATE limit_leases l SET idle = r.idle, reserved = r.reserved, unstored = r.unstored, report = r.report
  FROM unnest($3::uuid[], $4::timestamptz[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
    AS r (limit_id, starts_at, idle, reserved, unstored, report)
  WHERE l.limit_id = r.limit_id AND l.starts_at = r.starts_at AND l.node_id = $1 AND l.report < r.report`

export function createLeaseStore(pool: pg.Pool): LeaseStore {
  return {
    async lease(asked) {
      const values = [
        asked.limitId,
        asked.nodeId,
        new Date(asked.now),
        toDate(asked.startsAt),
        asked.spanMs,
        toDate(asked.known),
        ...[asked.idle, asked.reserved, asked.unstored, asked.report, asked.need, asked.demand, asked.ahead],
      ]
      const query = { name: 'lease-limit', text: LEASE, values, query_timeout: ANSWER_MS }
      const { rows } = await pool.query<LeaseRow>(query)
      const [row] = rows
      return row ? toAnswer(row) : null
    },
    async report(nodeId, expiresAt, reports) {
      const column = (read: (report: LeaseReport) => unknown) => reports.map(read)
      await pool.query(REPORT, [
        nodeId,
        new Date(expiresAt),
        column(({ limitId }) => limitId),
        column(({ startsAt }) => new Date(startsAt)),
        column(({ idle }) => idle),
        column(({ reserved }) => reserved),
        column(({ unstored }) => unstored),
        column(({ report }) => report),
      ])
    },
    async leave(nodeId) {
      await pool.query(
        `WITH gone AS (DELETE FROM limit_leases WHERE node_id = $1 AND unstored = 0)
        DELETE FROM limit_nodes WHERE id = $1`,
        [nodeId],
      )
    },
  }
}

const toAnswer = (row: LeaseRow): LeaseAnswer => ({
  startsAt: row.begins.getTime(),
  granted: Number(row.granted),
  allowed: Number(row.allowed),
  used: Number(row.spent),
  othersIdle: Number(row.others_idle),
  othersReserved: Number(row.others_reserved),
  othersUnstored: Number(row.others_unstored),
  available: Number(row.available),
  nodes: row.nodes,
})

/** Runs of a node that have ended and whose journal is stored: they hold nothing any more. */
export async function forgetNodes(pool: pg.Pool, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length > 0) await pool.query('DELETE FROM limit_leases WHERE node_id = ANY($1::uuid[])', [nodeIds])
}

/** A connection that hears when another node needs back what this one holds of a limit. Rejects when there is none. */
export async function listenForNeeds(
  pool: pg.Pool,
  heard: (limitId: string) => void,
  lost: () => void,
): Promise<() => void> {
  const client = await pool.connect()
  let over = false
  let wanted = true
  const drop = () => {
    if (over) return
    over = true
    client.release(true)
    if (wanted) lost()
  }
  client.on('error', drop)
  client.on('end', drop)
  client.on('notification', ({ payload }) => heard(payload ?? ''))
  try {
    await client.query('LISTEN aic_limits')
  } catch (error) {
    drop()
    throw error
  }
  return () => {
    wanted = false
    drop()
  }
}
