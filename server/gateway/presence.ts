import type { Clock } from '../lib/clock.ts'
import type { Call } from './call.ts'
import type { SecretRow } from './directory.store.ts'
import type { Directory } from './directory.ts'
import { refuseSecret } from './key-status.ts'
import { Refusal } from './refusal.ts'
import type { RequestTime } from './request-time.ts'

const SWEEP_MS = 200

/** A request of a known key while it is here: whoever works on it says what to do when it must end early. */
export class Presence implements Disposable {
  readonly secret: SecretRow
  readonly time: RequestTime
  /** True once the caller has gone. */
  left = false
  /** When its time is up, and what it is told then. Milliseconds of the monotonic clock. */
  deadlineAt = Number.POSITIVE_INFINITY
  deadlineCode: 'request_timeout' | 'overloaded' | 'upstream_timeout' = 'request_timeout'
  onLeft: () => void = nothing
  onCut: (refusal: Refusal) => void = nothing
  readonly #leave: () => void
  readonly #all: Set<Presence>

  constructor({ res, time }: Call, secret: SecretRow, all: Set<Presence>) {
    this.secret = secret
    this.time = time
    this.#all = all
    all.add(this)
    this.#leave = () => {
      // `close` comes after a complete answer too; nobody listens then.
      this.left = true
      this.onLeft()
    }
    if (res.destroyed) this.left = true
    else res.once('close', this.#leave)
  }

  [Symbol.dispose](): void {
    this.#all.delete(this)
    this.onLeft = nothing
    this.onCut = nothing
  }
}

const nothing = () => undefined

/** Everybody who is here. Nobody stays beyond the life of the key or the time given. */
export type Presences = {
  enter(call: Call, secret: SecretRow): Presence
  count(): number
  /** Looks after everyone now. */
  sweep(): void
  /** Resolves when nobody is here; at the deadline whoever still is gets `draining`. */
  drain(deadlineMs: number): Promise<void>
  start(): void
  stop(): void
}

export function createPresences(directory: Directory, clock: Clock): Presences {
  const all = new Set<Presence>()
  let timer: NodeJS.Timeout | undefined

  function judge(presence: Presence, secret: SecretRow | null) {
    // A secret that is no longer stored was an old one whose overlap somebody ended.
    const code = secret === null ? 'key_expired' : refuseSecret(directory, secret, clock.now().getTime())
    if (code !== null) presence.onCut(new Refusal(code))
    else if (presence.deadlineAt <= performance.now()) presence.onCut(new Refusal(presence.deadlineCode))
  }

  function sweep() {
    for (const presence of all) {
      const { publicId } = presence.secret
      const known = directory.peek(publicId)
      judge(presence, known ?? presence.secret)
      // Not in memory: it was dropped there, or it is gone. While the database is away it is judged as it was.
      if (!known)
        directory
          .find(publicId)
          .then((secret) => judge(presence, secret))
          .catch(nothing)
    }
  }

  return {
    enter: (call, secret) => new Presence(call, secret, all),
    count: () => all.size,
    sweep,
    async drain(deadlineMs) {
      const until = performance.now() + deadlineMs
      while (all.size > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20))
      for (const presence of all) presence.onCut(new Refusal('draining'))
    },
    start: () => {
      directory.onChange(sweep)
      timer = setInterval(sweep, SWEEP_MS).unref()
    },
    stop: () => clearInterval(timer),
  }
}
