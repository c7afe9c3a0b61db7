import { subjectOf as keySubject } from '../keys/key.ts'
import { type ApiKeyRow, lockKeys } from '../keys/keys.store.ts'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { FIRST_ID } from '../lib/page.ts'
import type { Parts } from '../lib/parts.ts'
import { insertNotices, listAdministratorIds } from '../users/notices.store.ts'
import * as store from './emergency.store.ts'
import { noticeOf, ownerNoticeOf, subjectOf } from './emergency.ts'
import { END_BATCH, endKeys } from './expire.service.ts'
import { actingFor, type LongWork } from './long-work.service.ts'

/** Tells administrators, once. Owners are told with their keys. */
export async function tellAdministrators(tx: Tx, operation: store.Operation, at: Date): Promise<void> {
  const administrators = await listAdministratorIds(tx)
  const notices = administrators.map((userId) => noticeOf(operation, userId))
  await insertNotices(tx, notices, at)
}

class Stopped extends Error {}

/** Ends these keys, unless the operation has stopped meanwhile. */
async function endBatch(parts: Parts, operation: store.Operation, ids: readonly string[]): Promise<void> {
  const { id } = operation
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
  await endKeys(actingFor(parts, operation), ids, ending).catch((error: unknown) => {
    if (!(error instanceof Stopped)) throw error
  })
}

/** Gives these keys the expiry back that they had, as far as nothing else has touched them since. */
function restoreBatch(parts: Parts, operation: store.Operation, ids: readonly string[]): Promise<void> {
  const { id, undoneById, undoneByName, undoneVia } = operation
  const by = { actorId: undoneById, actorName: undoneByName ?? operation.actorName, actorVia: undoneVia ?? '' }
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
      const before = { expiresAt: key.expiresAt }
      record({ action: 'undoEmergency', ...keySubject(key), before, after: { operationId: id, expiresAt } })
    }
  })
}

/** Says that each key has its own end, so that the emergency itself need not be in force any more. */
function finish(parts: Parts, operation: store.Operation): Promise<store.Operation> {
  const { id } = operation
  return change(actingFor(parts, operation), async (tx, record) => {
    const locked = (await store.lockOperation(tx, id)) ?? operation
    if (locked.finishedAt) return locked
    record({ action: 'finishEmergency', ...subjectOf(operation), after: { endedKeys: locked.endedKeys } })
    return store.updateOperation(tx, id, { finishedAt: parts.clock.now() })
  })
}

/** What an operation does at this time: end keys, give them back, or nothing any more. */
const phaseOf = ({ finishedAt, undoneAt, restoredAt }: store.Operation) =>
  undoneAt && !restoredAt ? 'restoring' : finishedAt ? 'done' : 'ending'

/**
 * The keys are taken in the order of their ids, each batch from where the last one ended: looking at the ended ones
 * again would take as long as all of them together.
 */
async function* batches(parts: Parts, begun: store.Operation) {
  const { prisma, pool } = parts.db
  const phase = phaseOf(begun)
  let operation = begun
  for (let after = FIRST_ID; phaseOf(operation) === phase && phase !== 'done'; ) {
    const now = parts.clock.now()
    const ids =
      phase === 'ending'
        ? await store.listDying(pool, operation, { now, after, take: END_BATCH })
        : await store.listRestorable(pool, operation.id, { after, take: END_BATCH })
    const last = ids.at(-1)
    if (last === undefined) {
      yield phase === 'ending'
        ? finish(parts, operation)
        : store.updateOperation(prisma, operation.id, { restoredAt: now })
      return
    }
    await (phase === 'ending' ? endBatch(parts, operation, ids) : restoreBatch(parts, operation, ids))
    after = last
    operation = (await store.findOperation(prisma, operation.id)) ?? operation
    yield operation
  }
}

/** The ending of keys, and their return. */
export const EMERGENCY: LongWork<store.Operation> = {
  name: 'emergency-operations',
  listUnfinished: store.listUnfinished,
  batches,
}
