import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Parts } from '../lib/parts.ts'
import { createFlusher } from '../usage/flusher.ts'
import { Journal } from '../usage/journal.ts'
import { createDirectory } from './directory.ts'
import { serve } from './http.ts'
import type { Pipeline } from './pipeline.ts'
import { createPresences } from './presence.ts'
import { createAdmission } from './steps/admit.ts'

/** `/work` as the rest of the server knows it. */
export type Gateway = {
  /** Answers one request; never throws. */
  handle(req: IncomingMessage, res: ServerResponse): void
  /** False when a request could not be checked or recorded now. */
  ready(): boolean
  /** Requests under way. */
  running(): number
  /** Resolves when no request is under way, at the latest at the deadline, when the rest is cut off. */
  drain(deadlineMs: number): Promise<void>
  /** Reads what it must know. Rejects when the database cannot be read. */
  start(): Promise<void>
  /** Stores what is recorded, as far as the database is there, and closes the files. */
  stop(): Promise<void>
  /** Resolves when every usage entry so far is in the database. */
  flush(): Promise<void>
}

const STOP_MS = 5_000

export function createGateway(parts: Parts): Gateway {
  const { config, db, log, clock, keyring, random } = parts
  const directory = createDirectory(parts)
  const journal = new Journal({ directory: join(config.dataDir, 'journal'), sync: config.journalSync, log })
  const flusher = createFlusher({ journal, pool: db.pool, log })
  const presences = createPresences(directory, clock)
  const pipeline: Pipeline = {
    directory,
    journal,
    presences,
    admission: createAdmission(),
    clock,
    keyring,
    log,
    stalenessMs: config.stalenessMs,
    maxBodyBytes: config.maxBodyBytes,
  }
  let started = false
  return {
    handle(req, res) {
      const startedAt = clock.now().getTime()
      void serve(pipeline, { req, res, id: random.uuidv7(), startedAt, arrivedAt: performance.now() })
    },
    ready: () => started && journal.healthy && clock.now().getTime() - directory.confirmedAt() <= config.stalenessMs,
    running: () => presences.count(),
    drain: (deadlineMs) => presences.drain(deadlineMs),
    async start() {
      await directory.start()
      presences.start()
      flusher.start()
      started = true
    },
    async stop() {
      presences.stop()
      await flusher.stop(STOP_MS)
      journal.close()
      await directory.stop()
    },
    flush: () => flusher.flush(),
  }
}
