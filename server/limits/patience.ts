import type { LeaseAnswer } from './leases.store.ts'
import type { Limit } from './limit.ts'
import type { Slice } from './slice.ts'

/** How often a limit that has no room is looked at again. */
export const RECHECK_MS = 40
/** How long others may take to give back what they do not need. */
const CALL_BACK_MS = 400
/** How long a request waits until what was used has been stored. */
const STORING_MS = 1_000
/** How long a request waits for reservations that may turn out larger than needed. */
const RESERVED_MS = 1_000

/** Milliseconds after which "there is not enough" is the truth, and not a number on its way. */
export function patienceFor({ metric }: Limit, need: number, answer: LeaseAnswer, own: Slice | null): number {
  const reserved = answer.othersReserved + (own?.reserved ?? 0)
  const mayShrink = metric === 'TOKENS' || metric === 'MONEY'
  if (mayShrink && reserved > 0 && answer.used + need <= answer.allowed) return RESERVED_MS
  if (answer.othersIdle > 0) return CALL_BACK_MS
  // Until it is known to be stored it may count twice.
  if (own !== null && own.storing > 0 && answer.used + need <= answer.allowed) return STORING_MS
  return answer.othersReserved + answer.othersUnstored + (own?.unstored ?? 0) > 0 ? RECHECK_MS : 0
}
