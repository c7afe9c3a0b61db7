import type { Acting } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import type { Parts } from '../lib/parts.ts'
import type { Job } from './jobs.service.ts'

/** Work on very many keys: a mutation begins it and stays with it for some seconds, what is left goes on as a job. */
export type LongWork<Row> = {
  /** Of its job. */
  readonly name: string
  /** What has something left to do and was begun before an instant. */
  listUnfinished(tx: Tx, before: Date): Promise<readonly Row[]>
  /** Does one batch after the other and says after each how it stands. It may be left after any of them. */
  batches(parts: Parts, begun: Row): AsyncIterable<Row>
}

/** So long a mutation goes on by itself. */
const AT_ONCE_MS = 10_000
/** So long a job goes on, with everything that is unfinished: then other jobs have their turn. */
const JOB_RUN_MS = 60_000

const inMs = ({ clock }: Parts, ms: number) => clock.now().getTime() + ms

/** Does at least one batch, however late it is. */
async function goOnUntil<Row>(work: LongWork<Row>, parts: Parts, begun: Row, until: number): Promise<Row> {
  let row = begun
  for await (row of work.batches(parts, begun)) if (parts.clock.now().getTime() > until) break
  return row
}

/** Goes on with what a mutation has just begun until it is done or, with very many keys, for ten seconds. */
export const goOnAtOnce = <Row>(work: LongWork<Row>, parts: Parts, begun: Row): Promise<Row> =>
  goOnUntil(work, parts, begun, inMs(parts, AT_ONCE_MS))

/** Goes on with what a mutation or another node left in the middle. */
export const jobOf = <Row>(work: LongWork<Row>): Job => ({
  name: work.name,
  everyMs: 5_000,
  async run(parts, { to }) {
    // A mutation is still at work on what has just begun.
    const idleSince = new Date(to.getTime() - AT_ONCE_MS)
    const until = inMs(parts, JOB_RUN_MS)
    for (const row of await work.listUnfinished(parts.db.prisma, idleSince)) {
      await goOnUntil(work, parts, row, until)
    }
  },
})

/** Whoever began something goes on being who does it. */
export type Begun = {
  readonly actorId: string | null
  readonly actorName: string
  readonly actorVia: string
  readonly address?: string | null
  readonly requestId?: string | null
}

export const actingFor = (
  parts: Parts,
  { actorId, actorName, actorVia, address = null, requestId = null }: Begun,
): Acting<Parts> => ({
  parts,
  viewer: { id: actorId, username: actorName, via: actorVia === 'access_token' ? 'access_token' : 'session' },
  origin: { address, requestId, userAgent: null },
})
