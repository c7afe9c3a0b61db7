import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from './db.ts'

/** Who acts on a change. */
export type Confirmation = {
  /** Nodes that do, of all that may serve. */
  readonly confirmed: number
  readonly nodes: number
  /** When the last of the others stops to serve unless it hears of the change; null: there is no other. */
  readonly restStopAt: Date | null
}

/** This node among the others on the same database. Everything but `waitForOthers` rejects when that does not answer. */
export type Nodes = {
  /** Says that this node serves, and up to which change it acts. */
  report(applied: bigint): Promise<void>
  /** This node serves nobody any more. */
  leave(): Promise<void>
  /**
   * Resolves when every other node that can be heard acts on a change that this one acts on, at the latest after two
   * seconds. Null: nobody can tell, the database is away.
   */
  waitForOthers(seq: bigint): Promise<Confirmation | null>
}

type Needs = {
  readonly db: Pick<Db, 'pool'>
  readonly id: string
  readonly stalenessMs: number
}

// After an outage all of them report at once and find each other too old: none waits for another one's row.
const REPORT = `
  WITH old AS (SELECT id FROM nodes WHERE serves_until < now() AND id <> $1 FOR UPDATE SKIP LOCKED),
  forgotten AS (DELETE FROM nodes USING old WHERE nodes.id = old.id)
  INSERT INTO nodes (id, applied, reported_at, serves_until) VALUES ($1, $2, now(), now() + $3 * interval '1 ms')
  ON CONFLICT (id) DO UPDATE
  SET applied = excluded.applied, reported_at = excluded.reported_at, serves_until = excluded.serves_until`

// One that said nothing for three seconds was killed or is cut off: it stops by itself, and nobody waits for that.
const CONFIRMED = `
  SELECT count(*)::int AS nodes, count(*) FILTER (WHERE applied >= $2)::int AS confirmed,
    count(*) FILTER (WHERE applied < $2 AND reported_at > now() - interval '3 seconds')::int AS awaited,
    max(serves_until) FILTER (WHERE applied < $2) AS "restStopAt"
  FROM nodes WHERE id <> $1 AND serves_until > now()`

type Others = Confirmation & { readonly awaited: number }

/** A node looks for changes this long after it reported, heard or not, and serves for the staleness bound after that. */
const REPORT_EARLY_MS = 2_000
const PATIENCE_MS = 2_000
/** Nodes follow within some ms. One that does not is asked after less often: the same connections serve `/work`. */
const SOON_MS = 100
const RECHECK_MS = { soon: 5, later: 50 }

export function createNodes({ db: { pool }, id, stalenessMs }: Needs): Nodes {
  const ask = (text: string, ...values: unknown[]) => {
    const query = { text, values: [id, ...values], query_timeout: REPORT_EARLY_MS }
    return pool.query<Others>(query)
  }
  return {
    async report(applied) {
      await ask(REPORT, applied.toString(), stalenessMs + REPORT_EARLY_MS)
    },
    async leave() {
      await ask('DELETE FROM nodes WHERE id = $1')
    },
    async waitForOthers(seq) {
      const begun = performance.now()
      for (;;) {
        // Nobody can tell while the database is away: that is waited for as well.
        const [others] = await ask(CONFIRMED, seq.toString()).then(
          ({ rows }) => rows,
          () => [],
        )
        const waitedMs = performance.now() - begun
        if (others?.awaited === 0 || waitedMs > PATIENCE_MS) return others ? withThis(others) : null
        await sleep(waitedMs < SOON_MS ? RECHECK_MS.soon : RECHECK_MS.later)
      }
    },
  }
}

const withThis = ({ confirmed, nodes, restStopAt }: Others): Confirmation => ({
  confirmed: confirmed + 1,
  nodes: nodes + 1,
  restStopAt,
})
