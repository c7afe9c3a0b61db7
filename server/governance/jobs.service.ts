import type { Parts } from '../lib/parts.ts'
import * as store from './jobs.store.ts'

/** Work that is done again and again. `run` may be repeated for the same stretch: it must change nothing twice. */
export type Job = {
  readonly name: string
  readonly everyMs: number
  run(parts: Parts, window: store.JobWindow): Promise<void>
}

const TICK_MS = 5_000
// Longer than any run; a node that dies in the middle is replaced after this long.
const LEASE_MS = 5 * 60_000

/**
 * Runs each job that is due now and that no other node works on. A job that was not run for a week is handed the
 * whole week. What fails is logged and tried again at the next call.
 */
export async function runDueJobs(parts: Parts, jobs: readonly Job[], now: Date = parts.clock.now()): Promise<void> {
  const { pool } = parts.db
  const due = await store.listDue(pool, jobs, now)
  for (const { name, everyMs, run } of jobs) {
    if (!due.has(name)) continue
    const window = await store.claimJob(pool, { name, now, everyMs, leaseMs: LEASE_MS })
    if (!window) continue
    try {
      await run(parts, window)
      await store.finishJob(pool, name, window.to)
    } catch (error) {
      parts.log.error({ err: error, job: name }, 'a job failed; it is tried again')
      await store.releaseJob(pool, name)
    }
  }
}

export type JobRunner = {
  start(): void
  /** Resolves when the run under way has ended. */
  stop(): Promise<void>
}

/** Runs the jobs of this process for as long as it lives, one at a time. */
export function createJobRunner(parts: Parts, jobs: readonly Job[]): JobRunner {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let stopped = false

  function tick() {
    running = runDueJobs(parts, jobs).catch((error: unknown) => {
      parts.log.warn({ err: error }, 'jobs could not be run; trying again')
    })
    void running.then(() => {
      if (!stopped) timer = setTimeout(tick, TICK_MS).unref()
    })
  }

  return {
    start: () => {
      timer = setTimeout(tick, 0).unref()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
