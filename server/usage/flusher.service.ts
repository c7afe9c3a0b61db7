import type { Db } from '../lib/db.ts'
import type { Logger } from '../lib/log.ts'
import { inTurns } from '../lib/turns.ts'
import type { Leases } from '../limits/leases.ts'
import { Batch } from './batch.ts'
import type { Journal } from './journal.ts'
import { readSegment } from './journal-file.ts'
import { BATCH } from './queue.ts'
import type { Segment } from './segment.ts'
import { replay, store } from './store-entries.service.ts'

/** So long entries wait until a batch is full: a round costs the database much more than an entry. */
const INTERVAL_MS = 1_000
const MAX_PAUSE_MS = 5_000

/** Moves ended requests from the journal to the database, and waits for it when it is away. */
export type Flusher = {
  start(): void
  /** Resolves when everything recorded so far is in the database. Rejects when it cannot be reached. */
  flush(): Promise<void>
  /** Tries to store what is left, for at most `deadlineMs`; what remains is stored at the next start. */
  stop(deadlineMs: number): Promise<void>
}

type Needs = {
  readonly journal: Journal
  readonly db: Pick<Db, 'pool'>
  readonly log: Logger
  /** Hears the ids of what the database has now. */
  readonly announce?: (ids: readonly string[]) => void
  readonly leases?: Pick<Leases, 'storing' | 'notStored' | 'stored'>
}

export function createFlusher(needs: Needs): Flusher {
  const { journal, log } = needs
  const move = oneAtATime(mover(needs))
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let pauseMs = INTERVAL_MS

  async function round(least: number) {
    clearTimeout(timer)
    journal.queue.onFull = nothing
    try {
      await move(least)
      pauseMs = INTERVAL_MS
    } catch (error) {
      pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2)
      log.warn({ err: error, queued: journal.queue.length, pauseMs }, 'usage entries could not be stored; trying again')
    }
    if (!stopped) rest()
  }

  /** Until the next round is due: a full batch is reason enough, unless the database is away. */
  function rest() {
    if (pauseMs > INTERVAL_MS) timer = setTimeout(round, pauseMs, 1)
    else if (journal.queue.length >= BATCH) timer = setTimeout(round, 0, BATCH)
    else {
      timer = setTimeout(round, pauseMs, 1)
      journal.queue.onFull = () => void round(BATCH)
    }
  }

  return {
    start: () => {
      timer = setTimeout(round, 0, 1)
    },
    flush: () => move(1),
    async stop(deadlineMs) {
      stopped = true
      journal.queue.onFull = nothing
      clearTimeout(timer)
      const late = Promise.withResolvers<void>()
      const deadline = setTimeout(late.resolve, deadlineMs)
      const last = move(1).catch((error: unknown) => log.warn({ err: error }, 'usage entries left for the next start'))
      await Promise.race([last, late.promise])
      clearTimeout(deadline)
    },
  }
}

/**
 * What moves what an earlier run left, what is in memory, and what had to be left on disk. With fewer than `least` in
 * memory those stay there: part of a batch costs the database nearly as much as all of it.
 */
function mover(needs: Needs): (least: number) => Promise<void> {
  const { journal, announce } = needs
  let { leftOver } = journal
  return async (least) => {
    if (leftOver.length > 0) {
      await replay(needs, leftOver)
      leftOver = []
    }
    // What comes meanwhile is left to the next round: taking it as it comes would make many small batches.
    for (let left = journal.queue.length; left >= least; ) {
      const batch = journal.queue.take()
      if (batch === null) break
      left -= batch.length
      await storeCharged(needs, batch)
      journal.stored(batch)
      announce?.(batch.ids)
    }
    for (let segment = journal.takeSpilled(); segment; segment = journal.takeSpilled()) {
      for await (const batch of endsIn(segment)) await storeCharged(needs, batch)
      journal.storedAll(segment)
    }
  }
}

const nothing = () => undefined

/** Stores a batch. The limits hear of it before, because the database may count it before this process knows. */
async function storeCharged({ leases, ...needs }: Needs, batch: Batch): Promise<void> {
  const charges = [...batch.charges.values()].flat()
  leases?.storing(charges)
  try {
    await store(needs, batch)
  } catch (error) {
    leases?.notStored(charges)
    throw error
  }
  leases?.stored(charges)
}

/** What only a segment still has, in batches. Reading it takes turns with requests: a whole one holds them up for 20 ms. */
async function* endsIn({ path }: Segment): AsyncGenerator<Batch, undefined> {
  let batch = new Batch()
  for await (const record of inTurns(readSegment(path))) {
    if (record.kind === 'end') batch.add(record.entry)
    if (batch.length < BATCH) continue
    yield batch
    batch = new Batch()
  }
  if (batch.length > 0) yield batch
}

/** Two runs at once would take the same entries from the queue. */
function oneAtATime(work: (least: number) => Promise<void>): (least: number) => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  return (least) => {
    const next = running.then(() => work(least))
    running = next.catch(() => undefined)
    return next
  }
}
