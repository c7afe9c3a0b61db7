import type { LeaseAnswer, LeaseStore } from './leases.store.ts'
import { amountAt, isRate, type Limit } from './limit.ts'
import { LimitReached, type LimitReason } from './limit-reached.ts'
import { Reservation } from './reservation.ts'
import { Slice } from './slice.ts'
import { SPANS, windowAt } from './window.ts'

/** What the gates of a node share. */
export type Node = {
  readonly id: string
  readonly store: Pick<LeaseStore, 'lease'>
  now(): number
  timeZone(): string
  /** How many nodes there were when the database last answered. */
  nodes: number
  nextReport(): number
  /** The database should soon hear what this node holds. */
  reportSoon(): void
}

type Waiter = {
  readonly need: number
  readonly resolve: (reservation: Reservation) => void
  readonly reject: (error: LimitReached) => void
}

/** A refusal holds this long without asking again, so that a flood of them costs the database nothing. */
const EXHAUSTED_MS = 250
/** While it does not answer the database is asked this often. */
const AWAY_MS = 500
const RECHECK_MS = 40
/** How long others may take to give back what they do not need. */
const CALL_BACK_MS = 400
/** How long a request waits for reservations that may turn out larger than needed. */
const RESERVED_MS = 1_000

/** One limit at this node: hands out what was leased, leases more, and refuses when there is nothing to lease. */
export class LimitGate {
  limit: Limit
  readonly #node: Node
  readonly #waiters: Waiter[] = []
  readonly #old = new Set<Slice>()
  #slice: Slice | null = null
  #exhausted: { readonly until: number; readonly need: number } | null = null
  #awayUntil = 0
  #asking = false
  #ahead = false
  #wake: () => void = () => undefined
  #pace = { since: 0, taken: 0 }

  constructor(node: Node, limit: Limit) {
    this.#node = node
    this.limit = limit
  }

  /** Reserves `need`, at once when it was leased before. Throws or rejects with `LimitReached`. */
  take(need: number): Reservation | Promise<Reservation> {
    const now = this.#node.now()
    const slice = this.#current(now)
    if (this.#waiters.length === 0 && slice?.take(need, now)) {
      this.#pace.taken += need
      this.#refill(slice, need)
      return new Reservation(this, slice, need)
    }
    const known = this.#exhausted
    if (known && now < known.until && need >= known.need) throw this.#refusal('reached')
    return new Promise((resolve, reject) => {
      this.#waiters.push({ need, resolve, reject })
      this.#pump()
    })
  }

  /** Somebody gave something back, or it was used less than promised. */
  returned(): void {
    this.#exhausted = null
    if (this.#waiters.length > 0) {
      this.#wake()
      this.#pump()
    }
  }

  /** Another node needs what is not needed here. */
  callBack(): void {
    if (this.#waiters.length === 0 && !this.#asking && this.#slice?.giveBack()) this.#node.reportSoon()
    // The other one may have asked because of numbers that are no longer true.
    else if (this.#slice?.dirty) this.#node.reportSoon()
  }

  /** The database counts this now. */
  stored(startsAt: number, amount: number): void {
    for (const slice of this.slices()) if (slice.startsAt === startsAt) slice.stored(amount)
  }

  /** The limit is another one now, or what it was given is no longer right. */
  changed(limit: Limit): void {
    const before = this.limit
    this.limit = limit
    this.#exhausted = null
    if (before.version !== limit.version && this.#slice?.giveBack()) this.#node.reportSoon()
  }

  /** Every slice that still means something to the database; what is idle for long is given back. */
  slices(idleSince = Number.NEGATIVE_INFINITY): readonly Slice[] {
    const current = this.#current(this.#node.now())
    if (current && current.usedAt < idleSince && this.#waiters.length === 0 && !this.#asking) current.giveBack()
    for (const slice of this.#old) if (slice.isEmpty && !slice.dirty) this.#old.delete(slice)
    return current ? [current, ...this.#old] : [...this.#old]
  }

  /** True while the database is being asked: a report at the same time could undo what it answers. */
  get isAsking(): boolean {
    return this.#asking
  }

  /** What is left of it and when it starts anew, as far as this node knows; null: not known. */
  state(): {
    readonly limit: Limit
    readonly allowed: number
    readonly left: number
    readonly resetsAt: number | null
  } | null {
    const slice = this.#slice
    if (!slice) return null
    const left = Math.max(0, Math.min(slice.allowed, slice.available + slice.idle))
    return { limit: this.limit, allowed: slice.allowed, left, resetsAt: resetOf(slice) }
  }

  #current(now: number): Slice | null {
    const slice = this.#slice
    if (!slice) return null
    const { raisedUntil } = this.limit
    // What was leased while the limit was raised is not all right any more once the raise is over.
    if (raisedUntil !== null && slice.usedAt < raisedUntil.getTime() && raisedUntil.getTime() <= now) {
      slice.giveBack()
      slice.usedAt = now
    }
    if (now < slice.endsAt) return slice
    slice.giveBack()
    this.#old.add(slice)
    this.#slice = null
    this.#exhausted = null
    return null
  }

  #refill(slice: Slice, need: number): void {
    const { nodes } = this.#node
    if (this.#asking || slice.idle >= this.#wished(need) / 2 || slice.available < 8 * nodes * need) return
    this.#ahead = true
    this.#pump()
  }

  /** As much as half a second takes at the pace since the last answer. */
  #wished(need: number): number {
    if (this.limit.metric === 'CONCURRENCY') return 0
    const seconds = Math.max(0.1, (this.#node.now() - this.#pace.since) / 1000)
    return Math.ceil(Math.max(4 * need, Math.min(this.#pace.taken / seconds, 1e12) / 2))
  }

  #pump(): void {
    if (this.#asking) return
    this.#asking = true
    this.#serveAll().finally(() => {
      this.#asking = false
      if (this.#waiters.length > 0) this.#pump()
    })
  }

  /** Serves those who wait in their order, until nobody does. */
  async #serveAll(): Promise<void> {
    let shortSince: number | null = null
    this.#serve()
    while (this.#waiters.length > 0 || this.#ahead) {
      this.#ahead = false
      const answer = await this.#ask()
      if (answer === 'away') return this.#serveAlone()
      if (answer === 'gone') return this.#letAll()
      if (this.#serve() || this.#waiters.length === 0) {
        shortSince = null
        continue
      }
      shortSince ??= performance.now()
      if (performance.now() - shortSince >= this.#patience(answer)) {
        this.#refuse()
        shortSince = null
      } else {
        await this.#moment()
        this.#serve()
      }
    }
  }

  /** True when somebody got what he waited for. */
  #serve(): boolean {
    const now = this.#node.now()
    let served = false
    for (let [head] = this.#waiters; head; [head] = this.#waiters) {
      const slice = this.#current(now)
      if (!slice?.take(head.need, now)) break
      this.#pace.taken += head.need
      this.#waiters.shift()
      head.resolve(new Reservation(this, slice, head.need))
      served = true
    }
    return served
  }

  async #ask(): Promise<LeaseAnswer | 'away' | 'gone'> {
    const { now, timeZone, store, nextReport, id } = this.#node
    const at = now()
    if (at < this.#awayUntil) return 'away'
    const slice = this.#current(at)
    const window = windowAt(this.limit.period, at, timeZone())
    const need = this.#waiters[0]?.need ?? 0
    const demand = this.#waiters.reduce((sum, waiter) => sum + waiter.need, 0)
    const idle = slice?.idle ?? 0
    const ahead = this.#wished(need)
    this.#pace = { since: at, taken: 0 }
    try {
      const answer = await store.lease({
        limitId: this.limit.id,
        nodeId: id,
        now: at,
        startsAt: window?.startsAt ?? null,
        spanMs: window ? null : (this.limit.period && SPANS[this.limit.period]) || 0,
        known: slice?.startsAt ?? null,
        idle,
        reserved: slice?.reserved ?? 0,
        unstored: slice?.unstored ?? 0,
        report: nextReport(),
        need: Math.max(0, need - idle),
        demand: Math.max(0, demand - idle),
        ahead,
      })
      return answer === null ? 'gone' : this.#accept(answer)
    } catch {
      this.#awayUntil = now() + AWAY_MS
      return 'away'
    }
  }

  #accept(answer: LeaseAnswer): LeaseAnswer {
    const slice = this.#sliceOf(answer.startsAt)
    slice.idle += answer.granted
    slice.usedAt = this.#node.now()
    slice.available = answer.available
    slice.allowed = answer.allowed
    slice.dirty = true
    this.#node.nodes = answer.nodes
    return answer
  }

  #sliceOf(startsAt: number): Slice {
    const slice = this.#slice
    if (slice?.startsAt === startsAt) return slice
    if (slice) {
      slice.giveBack()
      this.#old.add(slice)
    }
    // A window that was begun before the database went away may go on.
    const earlier = [...this.#old].find((old) => old.startsAt === startsAt)
    if (earlier) this.#old.delete(earlier)
    this.#slice = earlier ?? new Slice(this.limit.id, startsAt, this.#endOf(startsAt))
    return this.#slice
  }

  #endOf(startsAt: number): number | null {
    const { period } = this.limit
    const span = period ? SPANS[period] : undefined
    return span === undefined ? (windowAt(period, startsAt, this.#node.timeZone())?.endsAt ?? null) : startsAt + span
  }

  /** Milliseconds after which "there is not enough" is the truth, and not a number on its way. */
  #patience(answer: LeaseAnswer): number {
    const need = this.#waiters[0]?.need ?? 0
    const reserved = answer.othersReserved + (this.#slice?.reserved ?? 0)
    const { metric } = this.limit
    const mayShrink = (metric === 'TOKENS' || metric === 'MONEY') && answer.used + need <= answer.allowed
    if (mayShrink && reserved > 0) return RESERVED_MS
    if (answer.othersIdle > 0) return CALL_BACK_MS
    const onItsWay = answer.othersReserved + answer.othersUnstored + (this.#slice?.unstored ?? 0)
    return onItsWay > 0 ? RECHECK_MS : 0
  }

  /** Until something comes back here, or may have come back elsewhere. */
  #moment(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, RECHECK_MS)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Refuses the first who waits, and everybody who asks for no less. */
  #refuse(): void {
    const need = this.#waiters[0]?.need ?? 0
    this.#exhausted = { until: this.#node.now() + EXHAUSTED_MS, need }
    this.#reject((waiter) => waiter.need >= need, 'reached')
  }

  #reject(applies: (waiter: Waiter) => boolean, reason: LimitReason): void {
    const refused = this.#waiters.filter(applies)
    const kept = this.#waiters.filter((waiter) => !applies(waiter))
    this.#waiters.splice(0, this.#waiters.length, ...kept)
    const error = this.#refusal(reason)
    for (const waiter of refused) waiter.reject(error)
  }

  #refusal(reason: LimitReason): LimitReached {
    const slice = this.#slice
    const allowed = slice?.allowed ?? Number(amountAt(this.limit, new Date(this.#node.now())))
    return new LimitReached(this.limit, reason, slice && resetOf(slice), allowed)
  }

  /** The database is away: a rate goes on with this node's share of it, a budget with what was leased. */
  #serveAlone(): void {
    const now = this.#node.now()
    if (!isRate(this.limit) && this.limit.metric !== 'CONCURRENCY') return this.#reject(() => true, 'unavailable')
    const share = Math.max(1, Math.floor(Number(amountAt(this.limit, new Date(now))) / this.#node.nodes))
    const slice = this.#current(now) ?? this.#sliceOf(windowAt(this.limit.period, now, 'UTC')?.startsAt ?? now)
    slice.allowed = share
    const taken = this.limit.metric === 'CONCURRENCY' ? slice.reserved : slice.taken
    slice.idle = Math.max(slice.idle, share - taken)
    while (this.#serve());
    this.#reject(() => true, 'reached')
  }

  /** There is no such limit any more. */
  #letAll(): void {
    const slice = new Slice(this.limit.id, 0, null)
    for (const { need, resolve } of this.#waiters.splice(0)) {
      slice.idle += need
      slice.take(need, 0)
      resolve(new Reservation(this, slice, need))
    }
  }
}

const resetOf = ({ endsAt }: Slice) => (Number.isFinite(endsAt) ? endsAt : null)
