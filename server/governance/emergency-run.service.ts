import { fact } from '../keys/keys.service.ts'
import { type ApiKeyRow, lockKeys } from '../keys/keys.store.ts'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import type { Parts } from '../lib/parts.ts'
import { insertNotices, listAdministratorIds } from '../users/notices.store.ts'
import * as store from './emergency.store.ts'
import { noticeOf, ownerNoticeOf } from './emergency.ts'
import { type Acting, END_BATCH, endKeys } from './expire.service.ts'
import type { Job } from './jobs.service.ts'

/** So long a mutation goes on by itself; what is left after that goes on as a job. */
export const AT_ONCE_MS = 10_000
/** Then other jobs have their turn. */
const JOB_RUN_MS = 60_000

const FIRST = '00000000-0000-0000-0000-000000000000'

type By = { readonly id: string | null; readonly username: string; readonly via: string }

/** Who began, or undid, the operation goes on being who does it. */
const actingFor = (parts: Parts, { id, username, via }: By, origin: Partial<Acting['origin']> = {}): Acting => ({
  parts,
  viewer: { id, username, via: via === 'access_token' ? 'access_token' : 'session' },
  origin: { address: null, requestId: null, userAgent: null, ...origin },
})

/** Tells administrators, once. Owners are told with their keys. */
export async function tellAdministrators(tx: Tx, operation: store.Operation, at: Date): Promise<void> {
  const administrators = await listAdministratorIds(tx)
  const notices = administrators.map((userId) => noticeOf(operation, userId))
  await insertNotices(tx, notices, at)
}

class Stopped extends Error {}

/** Ends these keys, unless the operation has stopped meanwhile. */
async function endBatch(parts: Parts, operation: store.Operation, ids: readonly string[]): Promise<void> {
  const { id, actorId, actorName, actorVia, address, requestId } = operation
  const acting = actingFor(parts, { id: actorId, username: actorName, via: actorVia }, { address, requestId })
  const ending = {
    action: 'expireAll',
    after: { operationId: id },
    notice: ({ ownerId }: { readonly ownerId: string }) => ownerNoticeOf(operation, ownerId),
    along: async (tx: Tx, keys: readonly ApiKeyRow[], at: Date) => {
      // Locked, so that an undo comes wholly before or after this batch.
      const locked = await store.lockOperation(tx, id)
      if (!locked || locked.finishedAt) throw new Stopped()
      await store.recordEnded(tx, id, keys, at)
    },
  }
  await endKeys(acting, ids, ending).catch((error: unknown) => {
    if (!(error instanceof Stopped)) throw error
  })
}

/** Gives these keys the expiry back that they had, as far as nothing else has touched them since. */
function restoreBatch(parts: Parts, operation: store.Operation, ids: readonly string[]): Promise<void> {
  const { id, undoneById, undoneByName, undoneVia } = operation
  const by = { id: undoneById, username: undoneByName ?? operation.actorName, via: undoneVia ?? '' }
  return change(actingFor(parts, by), async (tx, record) => {
    const locked = await lockKeys(tx, ids)
    // Read again under the lock: a report of a leak may have come in between.
    const still = new Map((await store.findRestorable(tx, id, ids)).map((one) => [one.keyId, one.previously]))
    const keys = locked.filter((key) => still.has(key.id))
    const now = parts.clock.now()
    await store.restoreKeys(tx, id, [...still.keys()], now)
    await insertNotices(
      tx,
      keys.map(({ ownerId }) => ownerNoticeOf(operation, ownerId)),
      now,
    )
    for (const key of keys) {
      const expiresAt = still.get(key.id) ?? null
      record(fact('undoEmergency', key, { expiresAt: key.expiresAt }, { operationId: id, expiresAt }))
    }
  })
}

/** What an operation does at this time: end keys, give them back, or nothing any more. */
const phaseOf = ({ finishedAt, undoneAt, restoredAt }: store.Operation) =>
  undoneAt && !restoredAt ? 'restoring' : finishedAt ? 'done' : 'ending'

/**
 * Goes on with an operation until nothing is left to do, or `deadline` of the monotonic clock has come. The keys are
 * taken in the order of their ids, each batch from where the last one ended: looking at the ended ones again would
 * take as long as all of them together.
 */
export async function goOn(parts: Parts, begun: store.Operation, deadline: number): Promise<store.Operation> {
  const { prisma, pool } = parts.db
  const phase = phaseOf(begun)
  let operation = begun
  for (let after = FIRST; phaseOf(operation) === phase && phase !== 'done'; ) {
    const now = parts.clock.now()
    const ids =
      phase === 'ending'
        ? await store.listDying(pool, operation, { now, after, take: END_BATCH })
        : await store.listRestorable(pool, operation.id, { after, take: END_BATCH })
    const last = ids.at(-1)
    if (last === undefined) {
      const done = phase === 'ending' ? { finishedAt: now } : { restoredAt: now }
      return store.updateOperation(prisma, operation.id, done)
    }
    await (phase === 'ending' ? endBatch(parts, operation, ids) : restoreBatch(parts, operation, ids))
    after = last
    operation = (await store.findOperation(prisma, operation.id)) ?? operation
    if (performance.now() > deadline) break
  }
  return operation
}

/** Goes on with what a mutation or another node left in the middle. */
export const EMERGENCY_JOB: Job = {
  name: 'emergency-operations',
  everyMs: 5_000,
  async run(parts, { to }) {
    // A mutation is still at work on those that have just begun.
    const idleSince = new Date(to.getTime() - AT_ONCE_MS)
    for (const operation of await store.listUnfinished(parts.db.prisma, idleSince)) {
      await goOn(parts, operation, performance.now() + JOB_RUN_MS)
    }
  },
}
