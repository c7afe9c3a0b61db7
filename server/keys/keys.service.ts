import type { AuditFact } from '../lib/audit.ts'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { differences } from '../lib/differences.ts'
import { NO_ROW, type Order, type PageArgs, readRows, toPage, toSorting } from '../lib/page.ts'
import { InvalidInput, NameTaken, NotFound } from '../lib/problems.ts'
import { createSlowMemo } from '../lib/slow-memo.ts'
import { areIds, isId, parse } from '../lib/text.ts'
import { violationOf } from '../lib/unique.ts'
import { type Act, isAdministrator, seesAll } from '../users/viewer.ts'
import { followWithEdit, followWithRestored } from './follow-policy.service.ts'
import {
  isExpired,
  isRestorable,
  KeyDeleted,
  type KeyDetails,
  KeyExpired,
  keyEditSchema,
  MAX_BULK,
  RestoreWindowClosed,
  subjectOf,
} from './key.ts'
import { type ApiKeyFilter, toWhere } from './key-filter.store.ts'
import { KeyPending } from './key-request.ts'
import * as store from './keys.store.ts'
import { storedFieldsSchema, withFields } from './policy.ts'

declare const proof: unique symbol
/** A row that the viewer may change: owned, or the viewer is an administrator. Only `getOwn` makes one. */
export type Own<Row> = Row & { readonly [proof]: true }

type Key = store.ApiKeyRow

const SORT = {
  NAME: { column: 'name', nullable: false, dates: false },
  CREATED_AT: { column: 'createdAt', nullable: false, dates: true },
  EXPIRES_AT: { column: 'expiresAt', nullable: true, dates: true },
  LAST_USED_AT: { column: 'lastUsedAt', nullable: true, dates: true },
} as const

/** Users see the keys they own; administrators and auditors see all. */
const visibleTo = ({ viewer }: Act) => (seesAll(viewer) ? {} : { ownerId: viewer.id })

/** The keys that a filter leaves of those the viewer may see. */
export async function visibleKeys(act: Act, filter: ApiKeyFilter) {
  const { db, clock } = act.parts
  const isPossible = areIds(filter.ownerId, filter.creatorId, filter.providerId)
  const wanted = isPossible ? await toWhere(db.prisma, filter, clock.now()) : NO_ROW
  return { AND: [visibleTo(act), wanted] }
}

const counts = new WeakMap<Act['parts'], ReturnType<typeof createSlowMemo<number>>>()

/** How many there are in all; of very many, as of seconds ago. */
function countAll(act: Act, filter: ApiKeyFilter, where: Awaited<ReturnType<typeof visibleKeys>>): Promise<number> {
  const { parts, viewer } = act
  const known = counts.get(parts) ?? createSlowMemo<number>()
  counts.set(parts, known)
  const whose = seesAll(viewer) ? 'all' : viewer.id
  return known(JSON.stringify([whose, filter]), () => store.countKeys(parts.db.prisma, where))
}

/** A page of the keys the viewer may see; `query` says which relations to load with them. */
export async function listApiKeys(
  act: Act,
  args: PageArgs,
  filter: ApiKeyFilter,
  order: Order<keyof typeof SORT>,
  query: object,
) {
  const { parts } = act
  const where = await visibleKeys(act, filter)
  const sorting = toSorting(SORT, order)
  const rows = await readRows(args, sorting, (keyset) => store.listKeys(parts.db.prisma, where, keyset, query))
  const page = toPage(rows, args, sorting)
  return { ...page, countAll: () => countAll(act, filter, where) }
}

/** Null when there is none of this id, or it is not the viewer's to see. */
export async function findApiKey(act: Act, id: string): Promise<Key | null> {
  return isId(id) ? store.findKey(act.parts.db.prisma, { AND: [visibleTo(act), { id }] }) : null
}

/** Locks the keys and proves that the viewer may change all of them; otherwise `NotFound`. */
async function getOwn(act: Act, tx: Tx, ids: readonly string[]): Promise<Own<Key>[]> {
  const distinct = [...new Set(ids)]
  const rows = distinct.every(isId) ? await store.lockKeys(tx, distinct) : []
  const isOwn = (row: Key): row is Own<Key> => isAdministrator(act.viewer) || row.ownerId === act.viewer.id
  const own = rows.filter(isOwn)
  if (own.length !== distinct.length) throw new NotFound('key')
  return own
}

/** For `.catch`: two keys of one owner have no name in common. */
export const nameTaken = violationOf('api_keys_owner_name_live_key', () => new NameTaken('key of this owner'))

/** Changes one key of the viewer's. Work that answers no fact leaves everything as it is. */
export async function changeOne(
  act: Act,
  id: string,
  work: (tx: Tx, key: Own<Key>) => Promise<{ row: Key; fact?: AuditFact }>,
) {
  return change(act, async (tx, record) => {
    const [key] = await getOwn(act, tx, [id])
    if (!key) throw new NotFound('key')
    const done = await work(tx, key)
    if (done.fact) record(done.fact)
    return done.row
  }).catch(nameTaken)
}

type Edit = KeyDetails & { readonly id: string; readonly name?: string | null | undefined }

/** Changes a key's own values. An expired or deleted key stays as it is: `KeyExpired`, `KeyDeleted`. */
export async function updateApiKey(act: Act, { id, ...given }: Edit): Promise<Key> {
  const now = act.parts.clock.now()
  const notNull = { ...given, name: given.name ?? undefined, type: given.type ?? undefined }
  const edit = parse(keyEditSchema(now), notNull)
  return changeOne(act, id, async (tx, key) => {
    if (key.deletedAt) throw new KeyDeleted()
    if (isExpired(key, now)) throw new KeyExpired()
    // What is being approved does not change under the approver's eyes.
    if (key.pending) throw new KeyPending()
    if (edit.type) await requireType(tx, edit.type)
    const known = storedFieldsSchema.parse(key.fields)
    const changed = differences(key, { ...edit, fields: withFields(known, edit.fields) })
    if (!changed) return { row: key }
    const { after } = changed
    await followWithEdit(tx, key, { ...key, fields: known, ...after }, { now, mayWiden: isAdministrator(act.viewer) })
    return {
      row: await store.updateKey(tx, id, after),
      fact: { action: 'updateApiKey', ...subjectOf(key), ...changed },
    }
  })
}

/** Throws `InvalidInput` when no key type has this name. */
export async function requireType(tx: Tx, type: string): Promise<void> {
  const known = await store.findKeyTypes(tx)
  if (!known.includes(type)) throw new InvalidInput([{ path: 'type', message: `must be one of ${known.join(', ')}.` }])
}

/** Ends a key at this instant, everywhere, before the answer; its record stays. Expiring it again changes nothing. */
export async function expireApiKey(act: Act, id: string): Promise<Key> {
  return changeOne(act, id, async (tx, key) => {
    const now = act.parts.clock.now()
    if (key.deletedAt) throw new KeyDeleted()
    if (isExpired(key, now)) return { row: key }
    const row = await store.updateKey(tx, id, { expiresAt: now })
    const { expiresAt } = key
    const fact = { action: 'expireApiKey', ...subjectOf(key), before: { expiresAt }, after: { expiresAt: now } }
    return { row, fact }
  })
}

/** Ends all of these keys or, when one of them is not the viewer's, none. Answers those that were still alive. */
export async function expireApiKeys(act: Act, ids: readonly string[]): Promise<{ rows: Key[]; expiredCount: number }> {
  if (ids.length === 0 || ids.length > MAX_BULK) {
    throw new InvalidInput([{ path: 'ids', message: `must have 1 to ${MAX_BULK} keys.` }])
  }
  return change(act, async (tx, record) => {
    const now = act.parts.clock.now()
    const keys = await getOwn(act, tx, ids)
    const alive = keys.filter((key) => !key.deletedAt && !isExpired(key, now))
    await store.expireKeys(
      tx,
      alive.map(({ id }) => id),
      now,
    )
    for (const key of alive) {
      const { expiresAt } = key
      record({ action: 'expireApiKeys', ...subjectOf(key), before: { expiresAt }, after: { expiresAt: now } })
    }
    const ended = new Set(alive)
    return { rows: keys.map((key) => (ended.has(key) ? { ...key, expiresAt: now } : key)), expiredCount: alive.length }
  })
}

/** Hides a key and ends it; it can be restored for 30 days. */
export async function deleteApiKey(act: Act, id: string): Promise<Key> {
  return changeOne(act, id, async (tx, key) => {
    if (key.deletedAt) return { row: key }
    const deletedAt = act.parts.clock.now()
    return {
      row: await store.updateKey(tx, id, { deletedAt }),
      fact: { action: 'deleteApiKey', ...subjectOf(key), before: { deletedAt: null }, after: { deletedAt } },
    }
  })
}

/** Takes a deletion back. The key is what it was: an expired one is expired still. */
export async function restoreApiKey(act: Act, id: string): Promise<Key> {
  return changeOne(act, id, async (tx, key) => {
    const { deletedAt } = key
    if (!deletedAt) return { row: key }
    if (!isRestorable(deletedAt, act.parts.clock.now())) throw new RestoreWindowClosed()
    // Its request was declined, withdrawn or forgotten: nobody could approve it any more.
    if (key.pending) throw new KeyPending()
    await followWithRestored(tx, key, act.parts.clock.now())
    const row = await store.updateKey(tx, id, { deletedAt: null })
    const fact = { action: 'restoreApiKey', ...subjectOf(key), before: { deletedAt }, after: { deletedAt: null } }
    return { row, fact }
  })
}

/** The names of all key types, the built-in ones first. */
export const listKeyTypes = (act: Act) => store.findKeyTypes(act.parts.db.prisma)
