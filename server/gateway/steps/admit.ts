import { type Asked, Refusal } from '../refusal.ts'

/** Room for one request; given back when disposed. */
export type Room = Disposable

/** Decides whether this process has room for one more request. */
export type Admission = {
  /** Throws a `Refusal` when there is none. */
  admit(asked: Asked): Room
  /** Requests under way. */
  running(): number
}

/** More would only wait inside this process, where nobody can give them to another one. */
const MAX_AT_ONCE = 5_000

export function createAdmission(maxAtOnce = MAX_AT_ONCE): Admission {
  let running = 0
  const room: Room = {
    [Symbol.dispose]: () => {
      running--
    },
  }
  return {
    running: () => running,
    admit(asked) {
      if (running >= maxAtOnce) throw new Refusal('overloaded', { asked })
      running++
      return room
    },
  }
}
