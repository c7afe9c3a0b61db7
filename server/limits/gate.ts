import type { LeaseAnswer } from './leases.store.ts'
import { amountAt, isRate, type Limit } from './limit.ts'
import { LimitReached, type LimitReason } from './limit-reached.ts'
import { Line } from './line.ts'
import { Nap } from './nap.ts'
import type { Node } from './node.ts'
import { Pace } from './pace.ts'
import { patienceFor, RECHECK_MS } from './patience.ts'
import { Reservation } from './reservation.ts'
import { Slice } from './slice.ts'
import { Slices } from './slices.ts'
import { SPANS, windowAt } from './window.ts'

/** A refusal holds this long without asking again, so that a flood of them costs the database nothing. */
const EXHAUSTED_MS = 250
/** While it does not answer the database is asked this often. */
const AWAY_MS = 500

/** One limit at this node: hands out what was leased, leases more, and refuses when there is nothing to lease. */
export class LimitGate {
  limit: Limit
  readonly #node: Node
  readonly #line = new Line()
  readonly #slices: Slices
  readonly #pace = new Pace()
  /** Until something comes back here, or may have come back elsewhere. */
  readonly #nap = new Nap()
  #exhausted: { readonly until: number; readonly need: number } | null = null
  #awayUntil = 0
  #asking = false
  #ahead = false

  constructor(node: Node, limit: Limit) {
    this.#node = node
    this.limit = limit
    this.#slices = new Slices(limit.id)
  }

  /** Reserves `need`, at once when it was leased before. Throws or rejects with `LimitReached`. */
  take(need: number): Reservation | Promise<Reservation> {
    const now = this.#node.now()
    const taken = this.#line.isEmpty ? this.#takeLeased(need, now) : null
    if (taken) {
      this.#refill(need, now)
      return taken
    }
    const known = this.#exhausted
    if (known && now < known.until && need >= known.need && this.#current(now)) throw this.#refusal('reached', need)
    const served = this.#line.join(need)
    this.#pump()
    return served
  }

  /** Somebody gave something back, or it was used less than promised. */
  returned(): void {
    this.#exhausted = null
    if (this.#line.isEmpty) return
    this.#nap.end()
    this.#pump()
  }

  /** Another node needs what is not needed here; it may also have asked because of numbers that are no longer true. */
  callBack(): void {
    const slice = this.#slices.last
    if (!slice || this.#asking) return
    if (this.#line.isEmpty) slice.giveBack()
    if (slice.dirty) this.#node.reportSoon()
  }

  /** The database is being told of this; a negative amount: it was not, after all. */
  storing(startsAt: number, amount: number): void {
    this.#slices.storing(startsAt, amount)
  }

  /** The database counts this now. */
  stored(startsAt: number, amount: number): void {
    this.#slices.stored(startsAt, amount)
    this.#nap.end()
  }

  /** The limit, or the calendar, is another one now: what was leased of the old one is asked for again. */
  changed(limit: Limit, isOtherCalendar: boolean): void {
    const before = this.limit
    this.limit = limit
    this.#exhausted = null
    if (isOtherCalendar) this.#slices.end()
    else if (before.version !== limit.version && this.#slices.last?.giveBack()) this.#node.reportSoon()
  }

  /** Every slice that the database may have to hear of; what was not used since is given back. */
  slices(idleSince: number): readonly Slice[] {
    const current = this.#current(this.#node.now())
    if (current && current.usedAt < idleSince && this.#line.isEmpty) current.giveBack()
    return this.#slices.all()
  }

  /** True while the database is being asked: a report at the same time could undo what it answers. */
  get isAsking(): boolean {
    return this.#asking
  }

  /** True while requests hold or want some of it, or what they used of it is not stored. */
  get isHeld(): boolean {
    return !this.#line.isEmpty || this.#slices.all().some((slice) => slice.reserved + slice.unstored > 0)
  }

  /** What is left of it and when it starts anew, as far as this node knows; null: not known. */
  state() {
    const slice = this.#current(this.#node.now())
    if (!slice) return null
    const left = Math.max(0, Math.min(slice.allowed, slice.available + slice.idle))
    return { limit: this.limit, allowed: slice.allowed, left, resetsAt: slice.resetsAt }
  }

  #current(now: number): Slice | null {
    return this.#slices.current(this.limit, now)
  }

  #takeLeased(need: number, now: number): Reservation | null {
    const slice = this.#current(now)
    if (!slice?.take(need, now)) return null
    this.#pace.taken(need)
    return new Reservation(this, slice, need)
  }

  #refill(need: number, now: number): void {
    const slice = this.#current(now)
    if (!slice || this.#asking || slice.idle >= this.#wished(need) / 2) return
    if (slice.available < 8 * this.#node.nodes * need) return
    this.#ahead = true
    this.#pump()
  }

  #wished(need: number): number {
    return this.limit.metric === 'CONCURRENCY' ? 0 : this.#pace.ahead(need, this.#node.now())
  }

  #pump(): void {
    if (this.#asking) return
    this.#asking = true
    void this.#serveAll().finally(() => {
      this.#asking = false
      if (!this.#line.isEmpty) this.#pump()
    })
  }

  /** Serves those who wait in their order, until nobody does. */
  async #serveAll(): Promise<void> {
    let shortSince: number | null = null
    this.#serve()
    while (!this.#line.isEmpty || this.#ahead) {
      this.#ahead = false
      const { stores } = this.#slices
      const answer = await this.#ask()
      if (answer === 'away') return this.#serveAlone()
      if (answer === 'gone') return this.#letAll()
      if (this.#serve() || this.#line.isEmpty) {
        shortSince = null
        continue
      }
      // What was stored meanwhile may be in this answer twice.
      if (this.#slices.stores !== stores) continue
      shortSince ??= performance.now()
      const patience = patienceFor(this.limit, this.#line.need, answer, this.#slices.last)
      if (performance.now() - shortSince < patience) {
        await this.#nap.for(RECHECK_MS)
        this.#serve()
      } else {
        this.#refuse()
        shortSince = null
      }
    }
  }

  #serve(): boolean {
    const now = this.#node.now()
    return this.#line.serve((need) => this.#takeLeased(need, now))
  }

  async #ask(): Promise<LeaseAnswer | 'away' | 'gone'> {
    const { store, id } = this.#node
    const now = this.#node.now()
    if (now < this.#awayUntil) return 'away'
    const slice = this.#current(now)
    const window = windowAt(this.limit.period, now, this.#node.timeZone())
    const { need, demand } = this.#line
    const idle = slice?.idle ?? 0
    const ahead = this.#wished(need)
    this.#pace.begin(now)
    try {
      const answer = await store.lease({
        limitId: this.limit.id,
        nodeId: id,
        now,
        startsAt: window?.startsAt ?? null,
        spanMs: window ? null : ((this.limit.period && SPANS[this.limit.period]) ?? 0),
        known: slice?.startsAt ?? null,
        idle,
        reserved: slice?.reserved ?? 0,
        unstored: slice?.unstored ?? 0,
        report: this.#node.nextReport(),
        need: Math.max(0, need - idle),
        demand: Math.max(0, demand - idle),
        ahead,
      })
      if (answer === null) return 'gone'
      this.#slices.accept(this.limit, answer, this.#node.now(), this.#node.timeZone())
      this.#node.nodes = answer.nodes
      return answer
    } catch {
      this.#awayUntil = this.#node.now() + AWAY_MS
      return 'away'
    }
  }

  /** Refuses the first who waits, and everybody who asks for no less. */
  #refuse(): void {
    const { need } = this.#line
    this.#exhausted = { until: this.#node.now() + EXHAUSTED_MS, need }
    this.#line.refuse(need, this.#refusal('reached', need))
  }

  #refusal(reason: LimitReason, need = 0): LimitReached {
    const slice = this.#slices.last
    const allowed = slice?.allowed ?? Number(amountAt(this.limit, new Date(this.#node.now())))
    const isImpossible = allowed > 0 && need > allowed
    return new LimitReached(this.limit, isImpossible ? 'impossible' : reason, slice?.resetsAt ?? null, allowed)
  }

  /** The database is away: a rate goes on with this node's share of it, a budget with what was leased. */
  #serveAlone(): void {
    const now = this.#node.now()
    if (!isRate(this.limit) && this.limit.metric !== 'CONCURRENCY') {
      return this.#line.refuse(0, this.#refusal('unavailable'))
    }
    const share = Math.max(1, Math.floor(Number(amountAt(this.limit, new Date(now))) / this.#node.nodes))
    const startsAt = windowAt(this.limit.period, now, 'UTC')?.startsAt ?? now
    const slice = this.#current(now) ?? this.#slices.begin(this.limit, startsAt, 'UTC')
    slice.allowed = share
    const taken = this.limit.metric === 'CONCURRENCY' ? slice.reserved : slice.taken
    slice.idle = Math.max(slice.idle, share - taken)
    this.#serve()
    this.#line.refuse(0, this.#refusal('reached'))
  }

  /** There is no such limit any more. */
  #letAll(): void {
    this.#line.serve((need) => new Reservation(this, new Slice(this.limit.id, 0), need))
  }
}
