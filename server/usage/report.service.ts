import type { Parts } from '../lib/parts.ts'
import { InvalidInput } from '../lib/problems.ts'
import { readSettings } from '../users/installation.store.ts'
import type { Act } from '../users/viewer.ts'
import { isImpossible, visibleTo } from './entries.service.ts'
import { type KeyUsage, readKeyUsage } from './key-usage.store.ts'
import type { Narrowing, UsageGroup } from './measured.ts'
import { readUsage, type UsagePoint } from './report.store.ts'
import type { UsageInterval } from './stretch.ts'

export type UsageQuestion = {
  readonly from: Date
  readonly to: Date
  readonly interval: UsageInterval
  readonly groupBy?: UsageGroup | null | undefined
  readonly filter?: Narrowing | null | undefined
  /** False: percentiles of durations are not wanted. */
  readonly durations?: boolean
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** The longest span per interval, so that an answer stays below a few thousand points. */
const LONGEST_MS = { HOUR: 31 * DAY_MS, DAY: 400 * DAY_MS, TOTAL: 4000 * DAY_MS } satisfies Record<
  UsageInterval,
  number
>
const MAX_GROUPS = 20

const refuse = (path: string, message: string) => new InvalidInput([{ path, message }])

/** Sums of the viewer's own requests, or of all for administrators and auditors. Hours are the finest grain. */
export async function getUsage(act: Act, question: UsageQuestion): Promise<readonly UsagePoint[]> {
  const { interval, groupBy, filter } = question
  const from = new Date(Math.floor(question.from.getTime() / HOUR_MS) * HOUR_MS)
  const to = new Date(Math.ceil(question.to.getTime() / HOUR_MS) * HOUR_MS)
  if (question.to <= question.from) throw refuse('to', 'must be after from.')
  if (to.getTime() - from.getTime() > LONGEST_MS[interval])
    throw refuse('from', 'is too far before `to` for this interval.')
  if (isImpossible(act, filter ?? {})) return []
  const { prisma, reports } = act.parts.db
  const { timeZone } = await readSettings(prisma)
  return readUsage(reports, {
    from,
    to,
    interval,
    groupBy: groupBy ?? null,
    timeZone,
    maxGroups: MAX_GROUPS,
    durations: question.durations ?? true,
    filter: { ...filter, ...visibleTo(act) },
  })
}

/** What each key did lately, by key id. Keys without a request are not in the map. */
export async function listKeyUsage({ db, clock }: Parts, ids: readonly string[]): Promise<Map<string, KeyUsage>> {
  const { timeZone } = await readSettings(db.prisma)
  return readKeyUsage(db.reports, ids, { now: clock.now(), timeZone })
}
