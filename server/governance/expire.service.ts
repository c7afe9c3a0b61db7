import { isExpired, subjectOf } from '../keys/key.ts'
import { type ApiKeyRow, expireKeys, lockKeys } from '../keys/keys.store.ts'
import type { AuditFact } from '../lib/audit.ts'
import { type Acting, change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import type { Parts } from '../lib/parts.ts'
import type { NewNotice } from '../users/notice.ts'
import { insertNotices } from '../users/notices.store.ts'

export type Ending = {
  readonly action: string
  /** More for the audit entry of each key, such as the id of the operation. */
  readonly after?: Readonly<Record<string, unknown>>
  /** What the owner of each key is told. */
  readonly notice?: (key: ApiKeyRow) => NewNotice
  /** More to write in the same transaction; `at` is the very instant at which the keys end. */
  readonly along?: (tx: Tx, keys: readonly ApiKeyRow[], at: Date) => Promise<void>
  /** Looks at the locked row once more; false leaves the key alone. */
  readonly still?: (key: ApiKeyRow) => boolean
}

/** What one transaction holds: more would make other changes wait and hold up the event loop. */
export const END_BATCH = 200

/**
 * Ends these keys at this instant, everywhere, each with its audit entry, in one transaction. Keys that are ended or
 * deleted already are left out. Answers the keys as they were.
 */
export const endKeys = (acting: Acting<Parts>, ids: readonly string[], ending: Ending): Promise<ApiKeyRow[]> =>
  change(acting, (tx, record) => endWithin(acting, { tx, record }, ids, ending))

type Open = { readonly tx: Tx; readonly record: (fact: AuditFact) => void }

/** The same inside a change that does more. */
export async function endWithin(acting: Acting<Parts>, { tx, record }: Open, ids: readonly string[], ending: Ending) {
  const now = acting.parts.clock.now()
  const locked = await lockKeys(tx, ids)
  const alive = locked.filter((key) => !key.deletedAt && !isExpired(key, now) && (ending.still?.(key) ?? true))
  if (alive.length === 0) return []
  await expireKeys(
    tx,
    alive.map(({ id }) => id),
    now,
  )
  for (const key of alive) {
    const after = { ...ending.after, expiresAt: now }
    record({ action: ending.action, ...subjectOf(key), before: { expiresAt: key.expiresAt }, after })
  }
  const { notice, along } = ending
  if (notice) await insertNotices(tx, alive.map(notice), now)
  if (along) await along(tx, alive, now)
  return alive
}
