import { rmSync } from 'node:fs'
import pg from 'pg'
import type { Logger } from '../lib/log.ts'
import type { Journal } from './journal.ts'
import { readSegment } from './journal-file.ts'
import { insertEntries } from './usage.store.ts'
import { toInterrupted, type UsageEntry, type UsageIntent } from './usage-entry.ts'

const BATCH = 1_000
const INTERVAL_MS = 100
const MAX_PAUSE_MS = 5_000

/** Moves ended requests from the journal to the database, and waits for it when it is away. */
export type Flusher = {
  start(): void
  /** Resolves when everything recorded so far is in the database. Rejects when it cannot be reached. */
  flush(): Promise<void>
  /** Tries to store what is left, for at most `deadlineMs`; what remains is stored at the next start. */
  stop(deadlineMs: number): Promise<void>
}

type Needs = { readonly journal: Journal; readonly pool: pg.Pool; readonly log: Logger }

export function createFlusher(needs: Needs): Flusher {
  const { journal, log } = needs
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let leftOver = journal.leftOver
  let pauseMs = INTERVAL_MS
  let stopped = false

  async function work() {
    if (leftOver.length > 0) {
      await replay(needs, leftOver)
      leftOver = []
    }
    while (journal.queue.length > 0) {
      const batch = journal.queue.slice(0, BATCH).map(({ entry }) => entry)
      await store(needs, batch)
      journal.stored(batch.length)
    }
    for (let segment = journal.takeSpilled(); segment; segment = journal.takeSpilled()) {
      const { records } = readSegment(segment.path)
      await storeAll(needs, records.flatMap((record) => (record.kind === 'end' ? [record.entry] : [])))
      journal.storedAll(segment)
    }
  }

  /** One run at a time: two would take the same entries from the queue. */
  const run = () => {
    const next = running.then(work)
    running = next.catch(() => undefined)
    return next
  }

  async function tick() {
    try {
      await run()
      pauseMs = INTERVAL_MS
    } catch (error) {
      pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2)
      log.warn({ err: error, queued: journal.queue.length, pauseMs }, 'usage entries could not be stored; trying again')
    }
    if (!stopped) timer = setTimeout(tick, pauseMs)
  }

  return {
    start: () => {
      timer = setTimeout(tick, 0)
    },
    flush: run,
    async stop(deadlineMs) {
      stopped = true
      clearTimeout(timer)
      let deadline: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        deadline = setTimeout(resolve, deadlineMs)
      })
      await Promise.race([run().catch((error: unknown) => log.warn({ err: error }, 'usage entries left for the next start')), late])
      clearTimeout(deadline)
    },
  }
}

/** What an earlier run left: ends are stored again (they count once), intents without one became interrupted. */
async function replay(needs: Needs, paths: readonly string[]): Promise<void> {
  const open = new Map<string, UsageIntent>()
  let stored = 0
  for (const path of paths) {
    const { records, damaged } = readSegment(path)
    if (damaged > 0) needs.log.warn({ path, damaged }, 'lines of the usage journal were damaged and left out')
    const ended: UsageEntry[] = []
    for (const record of records) {
      if (record.kind === 'intent') open.set(record.intent.id, record.intent)
      else {
        open.delete(record.entry.id)
        ended.push(record.entry)
      }
    }
    stored += await storeAll(needs, ended)
  }
  stored += await storeAll(needs, [...open.values()].map(toInterrupted))
  for (const path of paths) rmSync(path, { force: true })
  needs.log.info({ stored, interrupted: open.size }, 'the usage journal of the last run is stored')
}

async function storeAll(needs: Needs, entries: readonly UsageEntry[]): Promise<number> {
  let added = 0
  for (let from = 0; from < entries.length; from += BATCH) added += await store(needs, entries.slice(from, from + BATCH))
  return added
}

/** Class 22 and 23: the database refuses the data itself, and would for ever. */
const isBadData = (error: unknown) => error instanceof pg.DatabaseError && /^2[23]/.test(error.code ?? '')

/** Stores a batch. One entry that the database can never take must not hold up all others. */
async function store(needs: Needs, entries: readonly UsageEntry[]): Promise<number> {
  try {
    return await insertEntries(needs.pool, entries)
  } catch (error) {
    if (!isBadData(error)) throw error
    const [only] = entries
    if (entries.length === 1 && only) {
      needs.log.error({ err: error, entry: only }, 'the database refuses a usage entry; it is kept in this line only')
      return 0
    }
    const half = entries.length >> 1
    return (await store(needs, entries.slice(0, half))) + (await store(needs, entries.slice(half)))
  }
}
