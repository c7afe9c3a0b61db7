import type { Ask } from '../ask.ts'
import { Refusal } from '../refusal.ts'
import type { Upstream } from '../upstream.ts'

/** Room for one request; given back when disposed. */
export type Lease = Disposable

/** Decides whether this process and the provider have room for one more request. */
export type Admission = {
  /** Throws a `Refusal` when there is none. */
  admit(upstream: Upstream, ask: Ask): Lease
  /** Requests under way. */
  running(): number
}

/** More would only wait inside this process, where nobody can give them to another one. */
const MAX_AT_ONCE = 5_000

export function createAdmission(maxAtOnce = MAX_AT_ONCE): Admission {
  const perProvider = new Map<string, number>()
  let running = 0
  return {
    running: () => running,
    admit(upstream, { model, streamed, bytes }) {
      const asked = { model, streamed, bytes }
      if (running >= maxAtOnce) throw new Refusal('overloaded', { asked })
      const here = perProvider.get(upstream.id) ?? 0
      if (upstream.maxConcurrency !== null && here >= upstream.maxConcurrency) {
        throw new Refusal('overloaded', {
          message: 'The provider is busy with as many requests as it is allowed.',
          asked,
        })
      }
      running++
      perProvider.set(upstream.id, here + 1)
      return {
        [Symbol.dispose]: () => {
          running--
          const left = (perProvider.get(upstream.id) ?? 1) - 1
          if (left === 0) perProvider.delete(upstream.id)
          else perProvider.set(upstream.id, left)
        },
      }
    },
  }
}
