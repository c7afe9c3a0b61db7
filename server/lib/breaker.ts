import { Outcomes } from './outcomes.ts'

export type BreakerState = 'CLOSED' | 'OPEN' | 'HALF_OPEN'

/** So many failures in the last half minute, and at least as many as successes: nobody is sent there. */
const FAILURES = 10
const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 60_000

/** Keeps requests away from what fails anyway. Whoever `enter`s says how it went: `succeeded` or `failed`. */
export class Breaker {
  readonly #outcomes = new Outcomes()
  /** Null: closed. */
  #openUntil: number | null = null
  #pauseMs = FIRST_PAUSE_MS
  #probing = false
  readonly #now: () => number

  /** `now` answers milliseconds that only move forward. */
  constructor(now: () => number) {
    this.#now = now
  }

  get state(): BreakerState {
    if (this.#openUntil === null) return 'CLOSED'
    return this.#now() < this.#openUntil ? 'OPEN' : 'HALF_OPEN'
  }

  /** Milliseconds until it is worth asking again; 0: now. */
  get waitMs(): number {
    if (this.#openUntil === null) return 0
    const waitMs = this.#openUntil - this.#now()
    if (waitMs > 0) return waitMs
    // One request finds out for all.
    return this.#probing ? FIRST_PAUSE_MS : 0
  }

  /** Only where `waitMs` says 0. True: this one finds out whether it works again. */
  enter(): boolean {
    if (this.#openUntil === null) return false
    this.#probing = true
    return true
  }

  succeeded(): void {
    this.#outcomes.add(false, this.#now())
    if (this.#openUntil === null) return
    this.#openUntil = null
    this.#probing = false
    this.#pauseMs = FIRST_PAUSE_MS
    this.#outcomes.forgetAll()
  }

  failed(): void {
    const now = this.#now()
    if (this.#openUntil !== null) {
      // Others that were under way when it opened say nothing new.
      if (!this.#probing) return
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2)
      return this.#open(now)
    }
    this.#outcomes.add(true, now)
    const { good, bad } = this.#outcomes
    if (bad >= FAILURES && bad >= good) this.#open(now)
  }

  /** The one that was to find out did not. */
  abandoned(): void {
    this.#probing = false
  }

  #open(now: number): void {
    this.#openUntil = now + this.#pauseMs
    this.#probing = false
  }
}

/** The breakers of this process, by the id of what they are for. */
export class Breakers {
  readonly #all = new Map<string, Breaker>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** The same one until it is reset. */
  of(id: string): Breaker {
    const known = this.#all.get(id)
    if (known) return known
    const fresh = new Breaker(this.#now)
    this.#all.set(id, fresh)
    return fresh
  }

  /** Whatever was known of it is about something else now. */
  reset(id: string): void {
    this.#all.delete(id)
  }
}
