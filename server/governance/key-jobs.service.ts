import { subjectOf } from '../keys/key.ts'
import { lockOverdueRequests, updateRequest } from '../keys/key-requests.store.ts'
import { type ApiKeyRow, lockKeys, updateKey } from '../keys/keys.store.ts'
import { asSystem, change } from '../lib/change.ts'
import type { Parts } from '../lib/parts.ts'
import { insertNotices } from '../users/notices.store.ts'
import { END_BATCH, endKeys } from './expire.service.ts'
import type { Job } from './jobs.service.ts'
import * as store from './key-jobs.store.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** Longer than any restart: in such a gap nobody could use a key. */
const GAP_MS = 6 * HOUR_MS
const RESUMED = 'idle-keys-resumed'

const idleNotice = (days: number) => (key: ApiKeyRow) => ({
  userId: key.ownerId,
  kind: 'KEY_IDLE' as const,
  occasion: `idle:${key.id}:${key.version}`,
  ...subjectOf(key),
  details: { days: String(days) },
})

/** Ends keys that were not used for as long as their policy allows. The time in which no node ran does not count. */
const idleKeys: Job = {
  name: 'idle-keys',
  everyMs: 10 * MINUTE_MS,
  async run(parts, { from, to }) {
    if (to.getTime() - from.getTime() > GAP_MS) await store.recordResumed(parts.db.pool, RESUMED, to)
    for (let idle = await next(parts, to); idle.length > 0; idle = await next(parts, to)) {
      for (const [days, group] of Map.groupBy(idle, ({ idleDays }) => idleDays)) {
        const ids = group.map(({ id }) => id)
        // A request may have arrived since the list was made.
        const still = ({ lastUsedAt }: ApiKeyRow) => (lastUsedAt?.getTime() ?? 0) <= to.getTime() - days * 24 * HOUR_MS
        const after = { idleDays: days }
        await endKeys(asSystem(parts), ids, { action: 'expireIdleApiKey', after, notice: idleNotice(days), still })
      }
      if (idle.length < END_BATCH) return
    }
  },
}

const next = ({ db }: Parts, now: Date) => store.listIdleKeys(db.pool, now, RESUMED, END_BATCH)

const OVERDUE_BATCH = 100

/** Closes requests that nobody answered in time, frees the names of their keys, and tells who asked. */
const overdueRequests: Job = {
  name: 'overdue-requests',
  everyMs: MINUTE_MS,
  async run(parts, { to }) {
    let closed: number
    do {
      closed = await closeOverdue(parts, to)
    } while (closed === OVERDUE_BATCH)
  },
}

function closeOverdue(parts: Parts, now: Date): Promise<number> {
  return change(asSystem(parts), async (tx, record) => {
    const requests = await lockOverdueRequests(tx, now, OVERDUE_BATCH)
    const keys = await lockKeys(
      tx,
      requests.map(({ keyId }) => keyId),
    )
    for (const key of keys) {
      await updateKey(tx, key.id, { deletedAt: now })
      record({ action: 'expireKeyRequest', ...subjectOf(key), before: { pending: true }, after: { deletedAt: now } })
    }
    const names = new Map(keys.map(({ id, name }) => [id, name]))
    for (const { id, requesterId, keyId } of requests) {
      await updateRequest(tx, id, { status: 'EXPIRED', decidedAt: now })
      const subject = { subjectType: 'KeyRequest', subjectId: id, subjectName: names.get(keyId) ?? null }
      const occasion = `answer:${id}`
      const details = { answer: 'not approved in time' }
      await insertNotices(tx, [{ userId: requesterId, kind: 'APPROVAL_ANSWERED', occasion, ...subject, details }], now)
    }
    return requests.length
  })
}

export const KEY_JOBS: readonly Job[] = [idleKeys, overdueRequests]
