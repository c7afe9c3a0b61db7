import { once } from 'node:events'
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

// A load balancer that has seen us become unready must have stopped sending before connections are refused.
const NOTICE_MS = 1_500
const SWEEP_MS = 100
// What is cut at the deadline is recorded and tells its caller why, before its connection goes.
const CUT_MS = 500

type Draining = {
  readonly server: Server
  /** Closes the connections over which nothing was ever asked. */
  readonly closeUnused: () => void
  /** True when somebody asks /readyz and will notice the change. */
  readonly observed: boolean
  readonly deadlineMs: number
  /** Ends early when somebody is impatient. */
  readonly hurry: AbortSignal
  /** Resolves when no `/work` request is under way, or at the deadline. */
  readonly work: (deadlineMs: number) => Promise<void>
}

/** Stops taking connections, lets what is under way finish until the deadline, then closes what is left. */
export async function drain({ server, closeUnused, observed, deadlineMs, hurry, work }: Draining): Promise<void> {
  const noticeMs = observed ? Math.min(NOTICE_MS, deadlineMs / 2) : 0
  await patiently(noticeMs, hurry)
  const closed = once(server, 'close')
  server.close()
  // A kept-alive connection becomes idle only when its stream ends, long after `close()` looked at it.
  const sweep = setInterval(() => {
    server.closeIdleConnections()
    closeUnused()
  }, SWEEP_MS)
  const leftMs = deadlineMs - noticeMs
  await Promise.race([Promise.all([work(leftMs), closed]), patiently(leftMs + CUT_MS, hurry)])
  clearInterval(sweep)
  server.closeAllConnections()
}

async function patiently(ms: number, hurry: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: hurry, ref: false }).catch(() => undefined)
}
