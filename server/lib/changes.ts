import type pg from 'pg'
import type { Clock } from './clock.ts'
import type { Db } from './db.ts'
import type { Logger } from './log.ts'
import { type Confirmation, createNodes, type Nodes } from './nodes.ts'
import type { Random } from './random.ts'

/** What changed, as far as a cache needs to know. `seq` grows by one with every change of the installation. */
export type Change = {
  readonly seq: bigint
  readonly action: string
  readonly subjectType: string
  readonly subjectId: string | null
}

type Subscriber = (changes: readonly Change[]) => Promise<void>

/** The changes of all nodes, in order, at this node. The audit log is the change log. */
export type Changes = {
  /** The subscriber is called in order and awaited; a failure is repeated, never skipped. */
  subscribe(subscriber: Subscriber): void
  /** How long ago (ms, before asking) it was last proven that nothing newer exists than what is applied. */
  ageMs(): number
  /** The number of the newest applied change. */
  applied(): bigint
  /**
   * Resolves when `seq` is applied here and on every other node that can be heard, or when the staleness bound has made
   * waiting pointless. Null: nobody can tell who acts on it.
   */
  waitFor(seq: bigint): Promise<Confirmation | null>
  start(): Promise<void>
  stop(): Promise<void>
}

const PAGE = 1000
const POLL_MS = 1000
const RETRY_MS = 50
/** Polls wait for it; a start fails by it, so that a busy database must not be taken for one that stands still. */
const LISTEN_MS = 2_000
/** How many times within the staleness bound the database is asked for changes at least, also when it says nothing. */
const TRIES = 3

type Needs = {
  readonly db: Pick<Db, 'pool'>
  readonly clock: Clock
  readonly log: Logger
  readonly random: Pick<Random, 'uuidv7'>
  readonly stalenessMs: number
}
/** By two clocks: one can be set back, the other stands still while the machine sleeps. */
type Instant = { readonly wallMs: number; readonly steadyMs: number }
type Row = { readonly seq: string; readonly action: string; readonly type: string; readonly id: string | null }

const NEWER = `SELECT seq, action, subject_type AS type, subject_id AS id FROM audit_entries
  WHERE seq > $1 ORDER BY seq LIMIT ${PAGE}`

const toChange = ({ seq, action, type, id }: Row): Change => ({
  seq: BigInt(seq),
  action,
  subjectType: type,
  subjectId: id,
})

/** Follows the audit log by `LISTEN`, with a poll as back-stop. */
export const createChanges = (needs: Needs): Changes => new ChangeFeed(needs)

class ChangeFeed implements Changes {
  readonly #needs: Needs
  readonly #nodes: Nodes
  readonly #subscribers: Subscriber[] = []
  #applied = 0n
  #confirmed: Instant = { wallMs: 0, steadyMs: 0 }
  #pulling: Promise<void> | null = null
  #again = false
  #stopped = false
  #listener: pg.PoolClient | null = null
  #timer: NodeJS.Timeout | undefined
  #ticking: Promise<void> | null = null

  constructor(needs: Needs) {
    this.#needs = needs
    this.#nodes = createNodes({ ...needs, id: needs.random.uuidv7() })
  }

  subscribe(subscriber: Subscriber): void {
    this.#subscribers.push(subscriber)
  }

  ageMs(): number {
    const { wallMs, steadyMs } = this.#confirmed
    return Math.max(this.#needs.clock.now().getTime() - wallMs, performance.now() - steadyMs)
  }

  applied(): bigint {
    return this.#applied
  }

  async waitFor(seq: bigint): Promise<Confirmation | null> {
    while (this.#applied < seq && !this.#stopped) {
      await this.#pull().catch(() => undefined)
      if (this.#applied >= seq) break
      if (this.ageMs() > this.#needs.stalenessMs) return null
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
    return this.#nodes.waitForOthers(seq)
  }

  async start(): Promise<void> {
    const { db, stalenessMs } = this.#needs
    await this.#listen()
    const askedAt = this.#now()
    const { rows } = await db.pool.query<{ seq: string }>('SELECT seq FROM audit_head WHERE id = 1')
    this.#applied = BigInt(rows[0]?.seq ?? 0)
    this.#confirmed = askedAt
    await this.#nodes.report(this.#applied)
    const tick = () => {
      this.#ticking ??= this.#tick().finally(() => {
        this.#ticking = null
      })
    }
    this.#timer = setInterval(tick, Math.min(POLL_MS, stalenessMs / TRIES))
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    this.#stopListening()
    await Promise.all([this.#ticking, this.#pulling?.catch(() => undefined)])
    await this.#nodes.leave().catch((error: unknown) => this.#needs.log.debug({ err: error }, 'a node left in silence'))
  }

  #now(): Instant {
    return { wallMs: this.#needs.clock.now().getTime(), steadyMs: performance.now() }
  }

  /** One pull at a time; a call during a pull makes it look once more, since its query may have started too early. */
  #pull(): Promise<void> {
    this.#again = true
    this.#pulling ??= this.#pullUntilQuiet()
    return this.#pulling
  }

  async #pullUntilQuiet(): Promise<void> {
    try {
      do {
        this.#again = false
        const before = this.#applied
        while ((await this.#pullPage()) === PAGE);
        if (this.#applied !== before) await this.#nodes.report(this.#applied)
      } while (this.#again && !this.#stopped)
    } finally {
      // In the same turn as the last look at #again: a call in between would be answered without a pull.
      this.#pulling = null
    }
  }

  async #pullPage(): Promise<number> {
    const askedAt = this.#now()
    const { db, stalenessMs } = this.#needs
    const query = { text: NEWER, values: [this.#applied.toString()], query_timeout: stalenessMs / TRIES }
    const { rows } = await db.pool.query<Row>(query)
    const changes = rows.map(toChange)
    const last = changes.at(-1)
    if (last) {
      for (const subscriber of this.#subscribers) await subscriber(changes)
      this.#applied = last.seq
    }
    if (rows.length < PAGE) this.#confirmed = askedAt
    return rows.length
  }

  async #listen(): Promise<void> {
    const client = await this.#needs.db.pool.connect()
    // Stopped meanwhile: nobody would give it back, and the pool would wait for it for ever.
    if (this.#stopped) return client.release(true)
    const drop = () => this.#listener === client && this.#stopListening()
    client.on('error', drop)
    client.on('end', drop)
    client.on('notification', () => this.#pullQuietly())
    this.#listener = client
    try {
      const query = { text: 'LISTEN aic_changes', query_timeout: LISTEN_MS }
      await client.query(query)
    } catch (error) {
      drop()
      throw error
    }
  }

  #stopListening(): void {
    const client = this.#listener
    this.#listener = null
    client?.release(true)
  }

  async #tick(): Promise<void> {
    const { log } = this.#needs
    if (!this.#listener) {
      await this.#listen().catch((error: unknown) => log.warn({ err: error }, 'cannot listen for changes'))
    }
    // Before it looks for changes: those that are made from now on wait for this node.
    await this.#nodes
      .report(this.#applied)
      .catch((error: unknown) => log.debug({ err: error }, 'nobody hears this node'))
    // What stops waits for this, and not for what it would begin: that would report once more after the node has left.
    if (!this.#stopped) this.#pullQuietly()
  }

  #pullQuietly(): void {
    const { log } = this.#needs
    this.#pull().catch((error: unknown) => {
      log.warn({ err: error }, 'changes could not be read; trying again')
      // Whatever was in the way was perhaps in the way of this connection as well, and nobody would tell.
      this.#stopListening()
    })
  }
}
