import { readSettings } from '../users/installation.store.ts'
import type { Act } from '../users/viewer.ts'
import { amountAt, type Limit } from './limit.ts'
import { listLimitsOfKeys, readWindows } from './limits.store.ts'
import { SPANS, windowAt } from './window.ts'

/** How full a limit is. */
export type Meter = {
  readonly amount: bigint
  readonly used: bigint
  readonly reserved: bigint
  readonly remaining: bigint
  /** Null: no window has begun, or it has no beginning. */
  readonly windowStartsAt: Date | null
  /** Null: never, or no window has begun. */
  readonly resetsAt: Date | null
}

/** The meters of these limits, in their order. At most seconds late. */
export async function readMeters({ parts }: Pick<Act, 'parts'>, limits: readonly Limit[]): Promise<readonly Meter[]> {
  const now = parts.clock.now()
  const { timeZone } = await readSettings(parts.db.prisma)
  const windows = limits.map(({ period }) => windowAt(period, now.getTime(), timeZone))
  const spans = limits.map(({ period }) => (period ? (SPANS[period] ?? 0) : 0))
  const wanted = limits.map(({ id }, at) => ({
    id,
    since: new Date(windows[at]?.startsAt ?? now.getTime() - (spans[at] ?? 0) + 1),
  }))
  const states = new Map((await readWindows(parts.db.pool, wanted, now)).map((state) => [state.limitId, state]))
  return limits.map((limit, at) => {
    const state = states.get(limit.id)
    const window = windows[at] ?? running(state?.startsAt, spans[at] ?? 0)
    const [used, reserved] = [state?.used ?? 0n, state?.reserved ?? 0n]
    const amount = amountAt(limit, now)
    // Requests at once leave nothing behind: only what is under way counts.
    const taken = limit.metric === 'CONCURRENCY' ? reserved : used
    const left = amount - used - reserved
    return {
      amount,
      used: taken,
      reserved,
      remaining: left > 0n ? left : 0n,
      windowStartsAt: window?.startsAt ? new Date(window.startsAt) : null,
      resetsAt: window?.endsAt ? new Date(window.endsAt) : null,
    }
  })
}

const running = (startsAt: Date | undefined, span: number) =>
  startsAt && { startsAt: startsAt.getTime(), endsAt: startsAt.getTime() + span }

/** The enabled limits that can concern a request with each key, oldest first. */
export async function listKeyLimits({ parts }: Pick<Act, 'parts'>, keyIds: readonly string[]) {
  const limits = await listLimitsOfKeys(parts.db.prisma, keyIds)
  return keyIds.map((id) => limits.get(id) ?? [])
}
