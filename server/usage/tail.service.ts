import { EventEmitter, on } from 'node:events'
import type { Act } from '../users/viewer.ts'
import { isImpossible, timesOf, visibleTo } from './entries.service.ts'
import * as store from './entries.store.ts'
import { MAX_FOLLOWED, STORED_ENTRIES } from './usage-entry.ts'

/** What comes in within this time is read together. */
const GATHER_MS = 250

/**
 * The entries that are stored from now on, a moment after their request ended: what `listUsageEntries` would show of
 * them. Ends when `isStillThere` says no, or the process drains.
 */
export function tailUsageEntries(
  act: Act,
  filter: store.UsageEntryFilter,
  isStillThere: () => Promise<boolean>,
): AsyncIterableIterator<store.UsageEntryRow> {
  const gone = new AbortController()
  const rows = follow(act, filter, isStillThere, gone.signal)
  return {
    next: () => rows.next(),
    // Whoever leaves does so while nothing happens: a generator alone would only notice with the next entry.
    return: () => {
      gone.abort()
      return rows.return(undefined)
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

async function* follow(
  act: Act,
  filter: store.UsageEntryFilter,
  isStillThere: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<store.UsageEntryRow, undefined> {
  if (isImpossible(act, filter)) return
  for await (const ids of gathered(act, signal)) {
    if (!(await isStillThere())) return
    const among = { id: { in: [...ids] }, startedAt: timesOf(ids) }
    const where = { AND: [visibleTo(act), store.toWhere(filter), among] }
    yield* await store.listOldestFirst(act.parts.db.prisma, where)
  }
}

/** Lists of ids, at most one in each stretch of time. */
async function* gathered({ parts }: Act, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const heard = new EventEmitter()
  let waiting: string[] = []
  const take = (ids: readonly string[]) => {
    if (waiting.length === 0) setTimeout(() => heard.emit('ids'), GATHER_MS).unref()
    waiting.push(...ids)
    waiting = waiting.slice(-MAX_FOLLOWED)
  }
  const stop = parts.signals.listen(STORED_ENTRIES, take, () => heard.emit('closed'))
  try {
    for await (const _ of on(heard, 'ids', { signal, close: ['closed'] })) {
      const ids = waiting
      waiting = []
      yield ids
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    stop()
  }
}
