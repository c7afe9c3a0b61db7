import { type Actor, type AuditFact, appendAudit, type Origin } from './audit.ts'
import type { Changes } from './changes.ts'
import type { Clock } from './clock.ts'
import type { Db, Tx } from './db.ts'
import type { Confirmation } from './nodes.ts'
import type { Random } from './random.ts'

type Needs = {
  readonly db: Db
  readonly clock: Clock
  readonly changes: Pick<Changes, 'waitFor'>
  readonly random: Random
  readonly followers: readonly Follower[]
}

type Record = (fact: AuditFact) => void

/**
 * Adds to a change what follows from it, in its transaction: how a later domain has its say when an earlier one
 * changes something. It sees the facts so far and records its own.
 */
export type Follower = (parts: Needs, tx: Tx, facts: readonly AuditFact[], record: Record) => Promise<void>

/** Who does something, from where, and what with. A signed-in viewer's `Act` is one. */
export type Acting<Parts> = {
  readonly parts: Parts
  readonly viewer: Actor
  readonly origin: Origin
  /** Hears which nodes act on a change. */
  readonly confirmed?: ((by: Confirmation) => void) | undefined
}

/** Who changes what nobody asked for. */
export const asSystem = <Parts>(parts: Parts): Acting<Parts> => ({
  parts,
  viewer: { id: null, username: 'system', via: 'system' },
  origin: { requestId: null, address: null, userAgent: null },
})

class NothingRecorded<Result> extends Error {
  readonly result: Result
  constructor(result: Result) {
    super('rolled back: nothing was recorded')
    this.result = result
  }
}

/**
 * The only way to change what is stored: one transaction with its audit entries, numbered, announced to every node,
 * and applied by all that can be heard before the answer. A transaction that records no fact is rolled back, so that there is
 * never a change without its entry; its result is answered all the same (a repeated expire has nothing to do). What
 * takes longer than `timeoutMs` (default: 30 seconds) is rolled back.
 */
export async function change<Result>(
  { parts, viewer, origin, confirmed }: Acting<Needs>,
  work: (tx: Tx, record: Record) => Promise<Result>,
  { timeoutMs = 30_000 }: { readonly timeoutMs?: number } = {},
): Promise<Result> {
  try {
    const { result, seq } = await parts.db.prisma.$transaction(
      async (tx) => {
        const facts: AuditFact[] = []
        const record = (fact: AuditFact) => void facts.push(fact)
        const done = await work(tx, record)
        if (facts.length === 0) throw new NothingRecorded(done)
        for (const follow of parts.followers) await follow(parts, tx, [...facts], record)
        const at = parts.clock.now()
        return { result: done, seq: await appendAudit(tx, { actor: viewer, origin, at }, facts) }
      },
      { timeout: timeoutMs, maxWait: 10_000 },
    )
    const confirmation = await parts.changes.waitFor(seq)
    if (confirmation) confirmed?.(confirmation)
    return result
  } catch (error) {
    if (error instanceof NothingRecorded) return error.result
    throw error
  }
}
