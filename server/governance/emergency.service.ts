import { change } from '../lib/change.ts'
import { type PageArgs, toKeyset, toPage } from '../lib/page.ts'
import { NotFound } from '../lib/problems.ts'
import { isId } from '../lib/text.ts'
import type { Act } from '../users/viewer.ts'
import * as store from './emergency.store.ts'
import * as noun from './emergency.ts'
import { EMERGENCY, tellAdministrators } from './emergency-run.service.ts'
import { goOnAtOnce } from './long-work.service.ts'

const DAY_MS = 86_400_000

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
    record({ action: 'expireAll', ...noun.subjectOf({ id, subjectName }), after: { ...target, keyCount } })
    const row = await store.insertOperation(tx, {
      id,
      scope: target.scope,
      ...subject,
      ...by,
      ...from,
      startedAt,
      totalKeys: keyCount,
    })
    await tellAdministrators(tx, row, startedAt)
    return row
  })
  return goOnAtOnce(EMERGENCY, parts, operation)
}

/**
 * Gives the keys that this operation ended their expiry back, within 60 minutes, once. Keys that were reported as
 * leaked, deleted or changed since stay as they are. Very many go on being restored by themselves. Throws `NotFound`,
 * `UndoWindowClosed`.
 */
export async function undoEmergency(act: Act, id: string): Promise<store.Operation> {
  const { viewer } = act
  const { clock } = act.parts
  const undone = await change(act, async (tx, record) => {
    const operation = isId(id) ? await store.lockOperation(tx, id) : null
    if (!operation) throw new NotFound('operation')
    const now = clock.now()
    const until = noun.undoableUntil(operation)
    if (!until || now > until) throw new noun.UndoWindowClosed()
    const by = { undoneById: viewer.id, undoneByName: viewer.username, undoneVia: viewer.via }
    const finishedAt = operation.finishedAt ?? now
    const row = await store.updateOperation(tx, id, { undoneAt: now, finishedAt, ...by })
    await tellAdministrators(tx, row, now)
    record({ action: 'undoEmergency', ...noun.subjectOf(operation) })
    return row
  })
  return goOnAtOnce(EMERGENCY, act.parts, undone)
}

const SORTING = { column: 'startedAt', direction: 'desc', nullable: false, dates: true } as const

/** A page of the emergencies so far, the newest first. */
export async function listEmergencies({ parts }: Act, args: PageArgs) {
  const { prisma } = parts.db
  const page = toPage(await store.listOperations(prisma, toKeyset(args, SORTING)), args, SORTING)
  return { ...page, countAll: () => store.countOperations(prisma) }
}
