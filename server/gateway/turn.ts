import { NOTHING_HELD } from '../limits/held.ts'
import { CallerLeft } from './call.ts'
import type { Presence } from './presence.ts'
import { type Asked, Refusal } from './refusal.ts'
import type { Candidate, Upstream } from './target.ts'

/** A provider's turn to be asked: a place there is taken, and its breaker lets the request through. */
export class Turn implements Disposable {
  readonly candidate: Candidate
  /** What it holds of the limits on this member of a pool. */
  held = NOTHING_HELD
  #isProbe: boolean
  #isOver = false

  /** The place must have been taken. */
  constructor(candidate: Candidate) {
    this.candidate = candidate
    this.#isProbe = candidate.upstream.breaker.enter()
  }

  get upstream(): Upstream {
    return this.candidate.upstream
  }

  /** The provider works, whatever it said. */
  succeeded(): void {
    this.#isProbe = false
    this.upstream.breaker.succeeded()
  }

  failed(): void {
    this.#isProbe = false
    this.upstream.breaker.failed()
  }

  /** Gives back what it holds. */
  [Symbol.dispose](): void {
    if (this.#isOver) return
    this.#isOver = true
    this.held[Symbol.dispose]()
    if (this.#isProbe) this.upstream.breaker.abandoned()
    this.upstream.places.leave()
  }
}

/** The first of them that can be asked now; null: none can. */
export function takeTurn(candidates: readonly Candidate[]): Turn | null {
  for (const candidate of candidates) {
    const { breaker, places } = candidate.upstream
    if (breaker.waitMs === 0 && places.take()) return new Turn(candidate)
  }
  return null
}

/** The same for a request that can wait until there is a place. Refuses at once when there is no use in waiting. */
export function waitForTurn(candidates: readonly Candidate[], presence: Presence, asked: Asked): Turn | Promise<Turn> {
  const turn = takeTurn(candidates)
  if (turn) return turn
  const busy = candidates.filter(({ upstream }) => upstream.breaker.waitMs === 0)
  if (busy.length === 0) throw resting(candidates, asked)
  const queue = busy.find(({ upstream }) => upstream.places.hasQueue)
  if (queue) return queued(queue, presence, asked)
  const message = 'The provider is busy with as many requests as it is allowed.'
  throw new Refusal('overloaded', { message, asked })
}

async function queued(candidate: Candidate, presence: Presence, asked: Asked): Promise<Turn> {
  const { upstream } = candidate
  presence.time.waits(performance.now())
  await placeAt(upstream, presence)
  presence.time.goesOn(performance.now())
  if (upstream.breaker.waitMs === 0) return new Turn(candidate)
  // It failed for those before.
  upstream.places.leave()
  throw resting([candidate], asked)
}

function placeAt({ places, firstByteTimeoutMs }: Upstream, presence: Presence): Promise<void> {
  if (presence.left) throw new CallerLeft()
  return new Promise((resolve, reject) => {
    const giveUp = places.wait(resolve)
    const stop = (error: Error) => {
      giveUp()
      reject(error)
    }
    presence.deadlineAt = performance.now() + firstByteTimeoutMs
    presence.deadlineCode = 'overloaded'
    presence.onLeft = () => stop(new CallerLeft())
    presence.onCut = stop
  })
}

/** Nobody is asked, because everybody failed a moment ago. */
function resting(candidates: readonly Candidate[], asked: Asked): Refusal {
  const waitMs = Math.min(...candidates.map(({ upstream }) => upstream.breaker.waitMs))
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  return new Refusal('upstream_unreachable', {
    message: `The provider has been failing and is left alone for a moment. Try again in ${seconds} s.`,
    headers: { 'retry-after': String(seconds) },
    asked,
  })
}
