import type { Askable } from '../providers/pool.ts'
import type { Charge } from './charge.ts'
import { LimitGate } from './gate.ts'
import { Held, NOTHING_HELD } from './held.ts'
import type { LeaseReport, LeaseStore } from './leases.store.ts'
import type { Limit } from './limit.ts'
import { LimitIndex, type Subject } from './limit-index.ts'
import { LimitReached } from './limit-reached.ts'
import type { Node } from './node.ts'
import { costOf, type Tokens, worstCost } from './price.ts'
import { PriceIndex } from './price-index.ts'
import type { Reservation } from './reservation.ts'

/** The most a request can take. Its tokens are only asked for when a limit needs them. */
export type Wish = Subject & {
  /** Who may be asked: the dearest of them is reserved for. */
  readonly askable: readonly Askable[]
  /** When the request came in (epoch ms). */
  readonly startedAt: number
  /** `output` is of each answer; null: the request names no maximum. */
  readonly prompt: {
    estimate(): { readonly input: number; readonly output: number | null; readonly answers: number }
  }
}

/** Everything that decides, as the database has it. */
export type LimitWorld = {
  /** Those that are switched on. */
  readonly limits: readonly Limit[]
  /** The groups of each user, as far as limits name them. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  readonly timeZone: string
  readonly defaultMaxTokens: number
}

type Needs = {
  readonly nodeId: string
  readonly store: LeaseStore
  now(): number
}

/** No request is said to take more: so costs stay within what the database counts. */
export const MAX_TOKENS = 1_000_000_000
/** How long a node that says nothing more keeps what it leased. */
export const LEASE_MS = 20_000
const IDLE_MS = 5_000

/** The limits at this node: who may pass, and how much of each is left. All of it is in memory. */
export class Leases {
  readonly nodeId: string
  readonly #needs: Needs
  readonly #node: Node
  #gates: ReadonlyMap<string, LimitGate> = new Map()
  #index = new LimitIndex<LimitGate>([], new Map())
  #prices = new PriceIndex([])
  #world: LimitWorld = { limits: [], groups: new Map(), timeZone: 'UTC', defaultMaxTokens: 1024 }
  #reports = 0
  #soon = false
  #reporting: Promise<void> = Promise.resolve()

  constructor(needs: Needs) {
    this.#needs = needs
    this.nodeId = needs.nodeId
    this.#node = {
      id: needs.nodeId,
      store: needs.store,
      now: needs.now,
      timeZone: () => this.#world.timeZone,
      nodes: 1,
      nextReport: () => ++this.#reports,
      reportSoon: () => this.#reportSoon(),
    }
  }

  /** Takes over what decides. What was leased of limits that did not change stays leased. */
  set(world: LimitWorld): void {
    const isOtherCalendar = world.timeZone !== this.#world.timeZone
    this.#world = world
    const gates = new Map(
      world.limits.map((limit) => [limit.id, this.#gates.get(limit.id) ?? new LimitGate(this.#node, limit)]),
    )
    this.#index = new LimitIndex([...gates.values()], world.groups)
    // What requests under way hold of a limit counts when it is switched on again before they end.
    for (const [id, gate] of this.#gates) if (gate.isHeld) gates.set(id, gate)
    this.#gates = gates
    const limits = new Map(world.limits.map((limit) => [limit.id, limit]))
    for (const [id, gate] of gates) gate.changed(limits.get(id) ?? gate.limit, isOtherCalendar)
  }

  setPrices(prices: PriceIndex): void {
    this.#prices = prices
  }

  /** What a request cost, by the price in force when it began; null: no price, or no tokens, are known. */
  costOf(providerId: string, model: string, startedAt: number, tokens: Tokens): number | null {
    const price = this.#prices.find(providerId, model, startedAt)
    return price && costOf(price, tokens)
  }

  /**
   * Reserves what the request can take of every limit that concerns it: at once when all of it was leased before.
   * Throws or rejects with `LimitReached`; then nothing is held.
   */
  reserve(wish: Wish): Held | Promise<Held> {
    return this.#reserve(this.#index.find(wish), wish)
  }

  /** The same of the limits on one provider alone: a member of the pool that the request is for. */
  reserveOn(providerId: string, wish: Wish): Held | Promise<Held> {
    return this.#reserve(this.#index.ofTarget(providerId), wish)
  }

  #reserve(gates: readonly LimitGate[], wish: Wish): Held | Promise<Held> {
    if (gates.length === 0) return NOTHING_HELD
    const taken: Reservation[] = []
    try {
      for (let at = 0; at < gates.length; at++) {
        const [gate, next] = [gates[at], this.#takeFrom(gates[at], wish)]
        if (gate === undefined || next === null) continue
        if (next instanceof Promise) return this.#wait(next, gates.slice(at + 1), wish, taken)
        taken.push(next)
      }
    } catch (error) {
      throw giveUp(taken, error)
    }
    return new Held(this.nodeId, taken)
  }

  /** The limit of a metric that concerns the request and has the smallest part left; null: none, or not known. */
  tightest(subject: Subject, metric: 'REQUESTS' | 'TOKENS') {
    const states = this.#index
      .find(subject)
      .flatMap((gate) => (gate.limit.metric === metric ? (gate.state() ?? []) : []))
    return states.toSorted((one, other) => one.left * other.allowed - other.left * one.allowed)[0] ?? null
  }

  /** Takes note that the database is being told of these, until `stored` or `notStored` says what became of it. */
  storing(charges: readonly Charge[]): void {
    for (const { limitId, at, amount } of this.#own(charges)) this.#gates.get(limitId)?.storing(at, amount)
  }

  notStored(charges: readonly Charge[]): void {
    for (const { limitId, at, amount } of this.#own(charges)) this.#gates.get(limitId)?.storing(at, -amount)
  }

  /** Takes note that the database counts these now. */
  stored(charges: readonly Charge[]): void {
    for (const { limitId, at, amount } of this.#own(charges)) this.#gates.get(limitId)?.stored(at, amount)
  }

  #own(charges: readonly Charge[]): readonly Charge[] {
    return charges.filter(({ node }) => node === this.nodeId)
  }

  /** Another node looks for what is not needed here. */
  callBack(limitId: string): void {
    this.#gates.get(limitId)?.callBack()
  }

  /** Says that this node lives, and what it holds. Rejects when the database does not answer. */
  heartbeat(): Promise<void> {
    const next = this.#reporting.then(() => this.#report())
    this.#reporting = next.catch(() => undefined)
    return next
  }

  /** Gives everything back. */
  leave(): Promise<void> {
    return this.#needs.store.leave(this.nodeId)
  }

  async #wait(
    first: Promise<Reservation>,
    gates: readonly LimitGate[],
    wish: Wish,
    taken: Reservation[],
  ): Promise<Held> {
    try {
      taken.push(await first)
      for (const gate of gates) {
        const reservation = await this.#takeFrom(gate, wish)
        if (reservation) taken.push(reservation)
      }
    } catch (error) {
      throw giveUp(taken, error)
    }
    return new Held(this.nodeId, taken)
  }

  #takeFrom(gate: LimitGate | undefined, wish: Wish): Reservation | Promise<Reservation> | null {
    if (gate === undefined) return null
    const need = this.#needOf(gate.limit, wish)
    return need === null ? null : gate.take(need)
  }

  /** How much of a limit the request can take; null: it is not counted. */
  #needOf(limit: Limit, wish: Wish): number | null {
    if (limit.metric === 'REQUESTS' || limit.metric === 'CONCURRENCY') return 1
    const { input, output, answers } = wish.prompt.estimate()
    const most = Math.min(MAX_TOKENS, (output ?? this.#world.defaultMaxTokens) * answers)
    if (limit.metric === 'TOKENS') return input + most
    const worst = this.#worstCost(wish, input, most)
    if (worst !== null) return worst
    if (limit.allowUnpriced) return null
    throw new LimitReached(limit, 'unpriced', null, Number(limit.amount))
  }

  /** Null: somebody who may be asked has no price. */
  #worstCost(wish: Wish, input: number, output: number): number | null {
    let worst = 0
    for (const { providerId, model } of wish.askable) {
      const price = this.#prices.find(providerId, model ?? wish.model, wish.startedAt)
      if (!price) return null
      worst = Math.max(worst, worstCost(price, input, output))
    }
    return worst
  }

  #reportSoon(): void {
    if (this.#soon) return
    this.#soon = true
    queueMicrotask(() => {
      this.#soon = false
      // What could not be said now is said with the next heartbeat.
      this.heartbeat().catch(() => undefined)
    })
  }

  async #report(): Promise<void> {
    const now = this.#needs.now()
    const gates = [...this.#gates.values()].filter((gate) => !gate.isAsking)
    const slices = gates.flatMap((gate) => gate.slices(now - IDLE_MS)).filter(({ dirty }) => dirty)
    const reports: LeaseReport[] = slices.map((slice) => slice.toReport(++this.#reports))
    for (const slice of slices) slice.dirty = false
    try {
      await this.#needs.store.report(this.nodeId, now + LEASE_MS, reports)
    } catch (error) {
      for (const slice of slices) slice.dirty = true
      throw error
    }
  }
}

function giveUp(taken: readonly Reservation[], error: unknown): unknown {
  for (const reservation of taken) reservation.release()
  return error
}
