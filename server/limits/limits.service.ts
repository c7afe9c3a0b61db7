import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { differences } from '../lib/differences.ts'
import { NO_ROW, type Order, type PageArgs, readRows, toPage, toSorting } from '../lib/page.ts'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { areIds, isId, parse, parseEdit } from '../lib/text.ts'
import { requireTargets } from '../rules/rules.service.ts'
import { type Act, seesAll } from '../users/viewer.ts'
import { describeLimit, type Limit, limitEditSchema, newLimitSchema } from './limit.ts'
import * as store from './limits.store.ts'

const SORT = {
  NAME: { column: 'name', nullable: true, dates: false },
  CREATED_AT: { column: 'createdAt', nullable: false, dates: true },
} as const

/** A page of all limits; `query` says which relations to load with them. For administrators and auditors. */
export async function listLimits(
  { parts }: Act,
  args: PageArgs,
  filter: store.LimitFilter,
  order: Order<keyof typeof SORT>,
  query: object,
) {
  const { keyId, userId, groupId, providerId } = filter
  const where = areIds(keyId, userId, groupId, providerId) ? store.toWhere(filter) : NO_ROW
  const sorting = toSorting(SORT, order)
  const rows = await readRows(args, sorting, (keyset) => store.listLimits(parts.db.prisma, where, keyset, query))
  const page = toPage(rows, args, sorting)
  return { ...page, countAll: () => store.countLimits(parts.db.prisma, where) }
}

/** A deleted one too. Null when there is none of this id, or the viewer may not see it. */
export async function findLimit({ parts, viewer }: Act, id: string): Promise<Limit | null> {
  return isId(id) && seesAll(viewer) ? store.findLimit(parts.db.prisma, { id }) : null
}

type Target = Readonly<Record<'keyId' | 'userId' | 'groupId' | 'providerId', string | null>>

/** Throws `NotFound` when the target names what does not exist. What it names stays until the transaction ends. */
export async function requireTarget(tx: Tx, { keyId, ...others }: Target): Promise<void> {
  if (keyId !== null && !(isId(keyId) && (await store.holdsKey(tx, keyId)))) throw new NotFound('key')
  await requireTargets(tx, others)
}

/** A limit as audit entries name one: by its name, or what it says. */
export const subjectOf = (limit: Limit) => ({
  subjectType: 'Limit',
  subjectId: limit.id,
  subjectName: limit.name ?? `${limit.amount} ${describeLimit(limit)}`,
})

/** A raise that has ended already is none. */
function requireFuture({ parts }: Act, raisedUntil: Date | null | undefined): void {
  if (raisedUntil && raisedUntil <= parts.clock.now()) {
    throw new InvalidInput([{ path: 'raisedUntil', message: 'must be in the future.' }])
  }
}

/** In force when this answers, on every node. Throws `InvalidInput`, `NotFound` (its target). */
export async function createLimit(act: Act, input: unknown): Promise<Limit> {
  const { parts } = act
  const given = parse(newLimitSchema, input)
  requireFuture(act, given.raisedUntil)
  const facts = {
    name: given.name ?? null,
    target: given.target,
    keyId: given.keyId ?? null,
    userId: given.userId ?? null,
    groupId: given.groupId ?? null,
    providerId: given.providerId ?? null,
    modelPattern: given.modelPattern ?? null,
    metric: given.metric,
    period: given.period ?? null,
    amount: given.amount,
    raisedAmount: given.raisedAmount ?? null,
    raisedUntil: given.raisedUntil ?? null,
    enabled: given.enabled ?? true,
    allowUnpriced: given.allowUnpriced ?? false,
  }
  return change(act, async (tx, record) => {
    await requireTarget(tx, facts)
    const data = { id: parts.random.uuidv7(), ...facts, createdAt: parts.clock.now() }
    const row = await store.insertLimit(tx, data)
    record({ action: 'createLimit', ...subjectOf(row), after: facts })
    return row
  })
}

async function getLimit(tx: Tx, id: string): Promise<Limit> {
  const row = isId(id) ? await store.lockLimit(tx, id) : null
  if (!row) throw new NotFound('limit')
  return row
}

/** In force when this answers, on every node. Throws `InvalidInput`, `NotFound`. */
export async function updateLimit(act: Act, { id, ...input }: { readonly id: string }): Promise<Limit> {
  const edit = parseEdit(limitEditSchema, input, ['name', 'raisedAmount', 'raisedUntil'])
  requireFuture(act, edit.raisedUntil)
  return change(act, async (tx, record) => {
    const row = await getLimit(tx, id)
    const changed = differences(row, edit)
    if (!changed) return row
    record({ action: 'updateLimit', ...subjectOf(row), ...changed })
    return store.updateLimit(tx, id, changed.after)
  })
}

/** It no longer holds; the log goes on naming it. Throws `NotFound`. */
export async function deleteLimit(act: Act, id: string): Promise<Limit> {
  return change(act, async (tx, record) => {
    const row = await getLimit(tx, id)
    const deletedAt = act.parts.clock.now()
    record({ action: 'deleteLimit', ...subjectOf(row), after: { deletedAt } })
    return store.updateLimit(tx, id, { deletedAt })
  })
}
