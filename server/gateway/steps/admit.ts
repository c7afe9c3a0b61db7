import type { LoopDelay } from '../../lib/loop-delay.ts'
import { type Asked, Refusal } from '../refusal.ts'

/** Room for one request; given back when disposed. */
export type Room = Disposable

/** Decides whether this process has room for one more request. */
export type Admission = {
  /** Throws a `Refusal` while this process is behind with its work: the cheapest moment to say so is the first. */
  welcome(): void
  /** Throws a `Refusal` when there is none. */
  admit(asked: Asked): Room
  /** Requests under way. */
  running(): number
  /** Requests that were not welcome so far. */
  shed(): number
  /** How late this process comes to its work (ms). */
  delayMs(): number
  start(): void
  stop(): void
}

/**
 * Everything takes several turns of the loop: when each comes this late, people at the console wait for a second, and
 * callers would be better off elsewhere or later.
 */
const LATE_MS = 150

/** More would only wait inside this process, where nobody can give them to another one. */
const MAX_AT_ONCE = 5_000

export function createAdmission(delay: LoopDelay, maxAtOnce = MAX_AT_ONCE): Admission {
  let running = 0
  let shed = 0
  const room: Room = {
    [Symbol.dispose]: () => {
      running--
    },
  }
  return {
    running: () => running,
    welcome() {
      if (delay.ms <= LATE_MS) return
      shed++
      throw new Refusal('overloaded')
    },
    shed: () => shed,
    delayMs: () => delay.ms,
    start: () => delay.start(),
    stop: () => delay.stop(),
    admit(asked) {
      if (running >= maxAtOnce) throw new Refusal('overloaded', { asked })
      running++
      return room
    },
  }
}
