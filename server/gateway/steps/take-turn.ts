import type { Pipeline } from '../pipeline.ts'
import type { Presence } from '../presence.ts'
import { Refusal } from '../refusal.ts'
import type { Candidate } from '../target.ts'
import { type Turn, takeTurn, waitForTurn } from '../turn.ts'
import { type Asking, leaseAt } from './lease.ts'

/** The turn of the first provider that can be asked. Refuses when there is none, and no use in waiting for one. */
export function takeFirstTurn(gateway: Pipeline, asking: Asking, presence: Presence): Turn | Promise<Turn> {
  const { target, candidates, ask } = asking
  const turn = waitForTurn(candidates, presence, ask)
  return target.kind === 'SINGLE' ? turn : withRoom(gateway, asking, turn)
}

/** The turn of another member of the pool than those that were asked; null: there is none now. */
export async function takeNextTurn(
  gateway: Pipeline,
  asking: Asking,
  asked: ReadonlySet<Candidate>,
): Promise<Turn | null> {
  const left = asking.candidates.filter((candidate) => !asked.has(candidate))
  const turn = takeTurn(left)
  try {
    return turn && (await withRoom(gateway, { ...asking, candidates: left }, turn))
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

/** The turn with what it needs of the limits on its member, or that of the next member that has room. */
async function withRoom(gateway: Pipeline, asking: Asking, first: Turn | Promise<Turn>): Promise<Turn> {
  let turn = await first
  for (let left = asking.candidates; ; ) {
    const { candidate } = turn
    try {
      turn.held = await leaseAt(gateway, asking, candidate)
      return turn
    } catch (error) {
      turn[Symbol.dispose]()
      left = left.filter((other) => other !== candidate)
      const next = error instanceof Refusal ? takeTurn(left) : null
      if (next === null) throw error
      turn = next
    }
  }
}
