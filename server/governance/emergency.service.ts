import { fact } from '../keys/keys.service.ts'
import { lockKeys } from '../keys/keys.store.ts'
import { change } from '../lib/change.ts'
import { type PageArgs, toKeyset, toPage } from '../lib/page.ts'
import type { Parts } from '../lib/parts.ts'
import { NotFound } from '../lib/problems.ts'
import { isId } from '../lib/text.ts'
import type { Act } from '../users/viewer.ts'
import * as store from './emergency.store.ts'
import * as noun from './emergency.ts'
import { type Acting, END_BATCH, endKeys } from './expire.service.ts'
import type { Job } from './jobs.service.ts'

const DAY_MS = 86_400_000
/** So long a mutation goes on by itself; what is left after that goes on as a job. */
const AT_ONCE_MS = 10_000

export type Preview = store.Traffic & { readonly subjectName: string | null; readonly confirmation: string }

/** What has to be typed for a target. Throws `NotFound`. */
async function confirmationOf({ parts }: Act, target: noun.Target): Promise<string> {
  if (target.scope === 'ALL') return noun.CONFIRM_ALL
  const known = target.id !== null && isId(target.id) ? await store.findName(parts.db.prisma, target) : null
  if (known === null) throw new NotFound(target.scope.toLowerCase())
  return known
}

/** How many keys would end, what they did in the last 24 hours, and what has to be typed. Null: no such target. */
export async function previewEmergency(act: Act, given: noun.Target): Promise<Preview | null> {
  const target = given.scope === 'ALL' ? { ...given, id: null } : given
  const { db, clock } = act.parts
  const now = clock.now()
  try {
    const confirmation = await confirmationOf(act, target)
    const traffic = await store.readTraffic(db.pool, target, now, new Date(now.getTime() - DAY_MS))
    return { ...traffic, confirmation, subjectName: target.scope === 'ALL' ? null : confirmation }
  } catch (error) {
    if (error instanceof NotFound) return null
    throw error
  }
}

/**
 * Ends every living key of a target, each with its audit entry under the id of the operation. Answers when all are
 * ended or, with very many, after ten seconds: the rest goes on by itself, after a restart too. Throws `NotFound`,
 * `ConfirmationWrong`.
 */
export async function expireAll(act: Act, input: noun.Target & { readonly confirm: string }): Promise<store.Operation> {
  const target = { scope: input.scope, id: input.scope === 'ALL' ? null : input.id }
  const confirmation = await confirmationOf(act, target)
  if (input.confirm.trim() !== confirmation) throw new noun.ConfirmationWrong()
  const { parts, viewer, origin } = act
  const startedAt = parts.clock.now()
  const keyCount = await store.countDying(parts.db.pool, target, startedAt)
  const subjectName = target.scope === 'ALL' ? null : confirmation
  const by = { actorId: viewer.id, actorName: viewer.username, actorVia: viewer.via }
  const operation = await change(act, async (tx, record) => {
    const subject = { subjectId: target.id, subjectName }
    const from = { address: origin.address, requestId: origin.requestId }
    const id = parts.random.uuidv7()
    record({
      action: 'expireAll',
      subjectType: 'EmergencyOperation',
      ...subject,
      subjectId: id,
      after: { ...target, keyCount },
    })
    return store.insertOperation(tx, {
      id,
      scope: target.scope,
      ...subject,
      ...by,
      ...from,
      startedAt,
      totalKeys: keyCount,
    })
  })
  return goOn(parts, operation, performance.now() + AT_ONCE_MS)
}

const VIA = { session: 'session', access_token: 'access_token' } as const

/** Who began the operation goes on being who does it. */
const actingFor = (parts: Parts, { actorId, actorName, actorVia, address, requestId }: store.Operation): Acting => ({
  parts,
  viewer: { id: actorId, username: actorName, via: actorVia === VIA.access_token ? VIA.access_token : VIA.session },
  origin: { address, requestId, userAgent: null },
})

/** Ends the next keys of an operation until none is left, or `deadline` of the monotonic clock has come. */
async function goOn(parts: Parts, operation: store.Operation, deadline: number): Promise<store.Operation> {
  const { id, scope, subjectId, startedAt } = operation
  const acting = actingFor(parts, operation)
  const { prisma, pool } = parts.db
  for (;;) {
    const now = parts.clock.now()
    const ids = await store.listDying(pool, { scope, id: subjectId }, now, startedAt, END_BATCH)
    const current = await store.findOperation(prisma, id)
    if (!current || current.finishedAt) return current ?? operation
    if (ids.length === 0) return store.updateOperation(prisma, id, { finishedAt: now })
    await endKeys(acting, ids, {
      action: 'expireAll',
      after: { operationId: id },
      along: async (tx, keys) => {
        // Locked, so that an undo comes wholly before or after this batch.
        const locked = await store.lockOperation(tx, id)
        if (!locked || locked.finishedAt) throw new Stopped()
        await store.recordEnded(tx, id, keys, now)
      },
    }).catch((error: unknown) => {
      if (!(error instanceof Stopped)) throw error
    })
    if (performance.now() > deadline) return (await store.findOperation(prisma, id)) ?? operation
  }
}

class Stopped extends Error {}

/**
 * Gives the keys that this operation ended their expiry back, within 60 minutes, once. Keys that were reported as
 * leaked, deleted or changed since stay as they are. Throws `NotFound`, `UndoWindowClosed`.
 */
export async function undoEmergency(act: Act, id: string): Promise<store.Operation> {
  const { clock } = act.parts
  await change(act, async (tx, record) => {
    const operation = isId(id) ? await store.lockOperation(tx, id) : null
    if (!operation) throw new NotFound('operation')
    const now = clock.now()
    const until = noun.undoableUntil(operation)
    if (!until || now > until) throw new noun.UndoWindowClosed()
    await store.updateOperation(tx, id, { undoneAt: now, finishedAt: operation.finishedAt ?? now })
    const subject = { subjectType: 'EmergencyOperation', subjectId: id, subjectName: operation.subjectName }
    record({ action: 'undoEmergency', ...subject })
  })
  while ((await restoreBatch(act, id)) > 0);
  const done = await store.findOperation(act.parts.db.prisma, id)
  if (!done) throw new NotFound('operation')
  return done
}

function restoreBatch(act: Act, operationId: string): Promise<number> {
  return change(act, async (tx, record) => {
    const found = await store.listRestorable(tx, operationId, END_BATCH)
    const locked = await lockKeys(
      tx,
      found.map(({ keyId }) => keyId),
    )
    // Read again under the lock: a report of a leak may have come in between.
    const still = new Map((await store.listRestorable(tx, operationId, END_BATCH)).map((one) => [one.keyId, one]))
    const keys = locked.filter((key) => still.has(key.id))
    if (keys.length === 0) return 0
    await store.restoreKeys(
      tx,
      operationId,
      keys.map((key) => key.id),
      act.parts.clock.now(),
    )
    for (const key of keys) {
      const expiresAt = still.get(key.id)?.previously ?? null
      record(fact('undoEmergency', key, { expiresAt: key.expiresAt }, { operationId, expiresAt }))
    }
    return keys.length
  })
}

const SORTING = { column: 'startedAt', direction: 'desc', nullable: false, dates: true } as const

/** A page of the emergencies so far, the newest first. */
export async function listEmergencies({ parts }: Act, args: PageArgs) {
  const { prisma } = parts.db
  const page = toPage(await store.listOperations(prisma, toKeyset(args, SORTING)), args, ({ startedAt }) => startedAt)
  return { ...page, countAll: () => store.countOperations(prisma) }
}

/** Goes on with what a node left in the middle. */
export const EMERGENCY_JOB: Job = {
  name: 'emergency-operations',
  everyMs: 5_000,
  async run(parts) {
    for (const operation of await store.listUnfinished(parts.db.prisma)) {
      await goOn(parts, operation, Number.POSITIVE_INFINITY)
    }
  },
}
