import { join } from 'node:path'
import { BodyBuffers } from './gateway/body-buffers.ts'
import type { CallerAnswer, CallerRequest } from './gateway/call.ts'
import { createDirectory } from './gateway/directory.ts'
import { serve } from './gateway/http.ts'
import { createLimiter } from './gateway/limiter.ts'
import { meterGateway } from './gateway/meter-gateway.ts'
import type { Pipeline } from './gateway/pipeline.ts'
import { createPresences } from './gateway/presence.ts'
import { createRequestIds } from './gateway/request-id.ts'
import { RequestTime } from './gateway/request-time.ts'
import { ResponseCache } from './gateway/response-cache.ts'
import { type Admission, createAdmission } from './gateway/steps/admit.ts'
import { createVerifier } from './gateway/verify.ts'
import { createLoopDelay } from './lib/loop-delay.ts'
import type { GatewayParts } from './lib/parts.ts'
import { createFlusher } from './usage/flusher.service.ts'
import { Journal } from './usage/journal.ts'
import { createMeterEntry } from './usage/meter-entries.ts'
import { MAX_FOLLOWED, STORED_ENTRIES } from './usage/usage-entry.ts'

/** `/work` as the rest of the server knows it. */
export type Gateway = {
  /** Answers one request; never throws. */
  handle(req: CallerRequest, res: CallerAnswer): void
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

/** Puts the gateway together. It lies outside its folder, where nothing may know the database. */
export function createGateway(parts: GatewayParts, admission: Admission = createAdmission(createLoopDelay())): Gateway {
  const { config, db, log, clock, keyring, random, metrics, signals } = parts
  const directory = createDirectory(parts)
  const measure = createMeterEntry(metrics)
  const journal = new Journal({ directory: join(config.dataDir, 'journal'), sync: config.journalSync, log, measure })
  const limiter = createLimiter(parts)
  const { leases } = limiter
  const announce = (ids: readonly string[]) => signals.publish(STORED_ENTRIES, ids.slice(-MAX_FOLLOWED))
  const flusher = createFlusher({ journal, db, log, leases, announce })
  const presences = createPresences(directory, clock)
  const responses = new ResponseCache(config.cacheBytes)
  const pipeline: Pipeline = {
    directory,
    responses,
    journal,
    presences,
    admission,
    leases,
    clock,
    verify: createVerifier(keyring),
    log,
    stalenessMs: config.stalenessMs,
    maxBodyBytes: config.maxBodyBytes,
    // The lean client is done with a body when its exchange has ended; undici does not say when it is.
    bodies: new BodyBuffers(config.fastPath ? undefined : 0),
    addressOf: parts.addressOf,
  }
  meterGateway(metrics.meter, directory, admission)
  const newId = createRequestIds(random)
  let started = false
  return {
    handle(req, res) {
      const startedAt = clock.now().getTime()
      const time = new RequestTime(performance.now())
      void serve(pipeline, { req, res, id: newId(startedAt), startedAt, time })
    },
    ready: () => started && journal.healthy && directory.ageMs() <= config.stalenessMs,
    running: () => presences.count(),
    drain: (deadlineMs) => presences.drain(deadlineMs),
    async start() {
      parts.changes.subscribe(async (changes) => responses.follow(changes))
      await directory.start()
      await limiter.start()
      for (const part of [presences, admission, flusher]) part.start()
      started = true
    },
    async stop() {
      for (const part of [presences, admission]) part.stop()
      await flusher.stop(STOP_MS)
      await limiter.stop()
      journal.close()
      await directory.stop()
    },
    flush: () => flusher.flush(),
  }
}
