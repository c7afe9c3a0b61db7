import { calendarWindow } from '../../limits/window.ts'
import { bucketOf, percentilesOf } from '../latency.ts'
import type { UsageGroup } from '../measured.ts'
import type { UsagePoint } from '../report.store.ts'
import type { Sought } from '../rows.ts'
import type { UsageEntry } from '../usage-entry.ts'

const HOUR_MS = 3_600_000

/** The groups of each owner. */
export type Memberships = Readonly<Record<string, readonly string[]>>

type Point = Omit<UsagePoint, 'label'>

/** What a report must say of these entries: each point is added up on its own, in no order. */
export function addedUp(entries: readonly UsageEntry[], sought: Sought, memberships: Memberships): readonly Point[] {
  const { from, to, groupBy } = sought
  const found = entries.filter(
    (entry) => entry.startedAt >= from.getTime() && entry.startedAt < to.getTime() && isSought(entry, sought),
  )
  const placed = found.flatMap((entry) =>
    groupsOf(entry, groupBy, memberships).map((group) => ({ entry, group, start: startOf(entry, sought) })),
  )
  const points = Map.groupBy(placed, ({ start, group }) => `${start} ${group}`)
  return [...points.values()].flatMap((ofPoint) => {
    const [first] = ofPoint
    if (!first) return []
    const sums = sumOf(ofPoint.map(({ entry }) => entry))
    return [{ start: new Date(first.start), group: first.group, ...sums }]
  })
}

function isSought(entry: UsageEntry, { filter }: Sought): boolean {
  const { ownerId, keyId, providerId, model, status, code } = filter
  return (
    (ownerId == null || entry.ownerId === ownerId) &&
    (keyId == null || entry.keyId === keyId) &&
    (providerId == null || entry.providerId === providerId) &&
    (model == null || (entry.modelAsked ?? '') === model) &&
    (status == null || status.includes(entry.status)) &&
    (code == null || code.includes(entry.code ?? ''))
  )
}

function groupsOf(entry: UsageEntry, groupBy: UsageGroup | null, memberships: Memberships): readonly (string | null)[] {
  if (groupBy === 'GROUP') return memberships[entry.ownerId] ?? []
  if (groupBy === null) return [null]
  const groups = {
    KEY: entry.keyId,
    OWNER: entry.ownerId,
    PROVIDER: entry.providerId,
    MODEL: entry.modelAsked ?? '',
    STATUS: String(entry.status),
    CODE: entry.code ?? '',
  }
  return [groups[groupBy]]
}

function startOf({ startedAt }: UsageEntry, { interval, from, timeZone }: Sought): number {
  if (interval === 'TOTAL') return from.getTime()
  if (interval === 'HOUR') return Math.floor(startedAt / HOUR_MS) * HOUR_MS
  return calendarWindow('DAY', startedAt, timeZone).startsAt
}

function sumOf(entries: readonly UsageEntry[]) {
  const sum = (numberOf: (entry: UsageEntry) => number | null) =>
    entries.reduce((total, entry) => total + (numberOf(entry) ?? 0), 0)
  const reached = entries.filter(({ end }) => end !== 'REFUSED' && end !== 'INTERRUPTED')
  return {
    requests: entries.length,
    errors: entries.filter(({ code }) => code !== null).length,
    inputTokens: BigInt(sum(({ inputTokens }) => inputTokens)),
    outputTokens: BigInt(sum(({ outputTokens }) => outputTokens)),
    cachedTokens: BigInt(sum(({ cachedTokens }) => cachedTokens)),
    costMicros: BigInt(sum(({ costMicros }) => costMicros)),
    unpriced: entries.filter((one) => one.costMicros === null && (one.inputTokens ?? one.outputTokens) !== null).length,
    averageLatencyMs: Math.round(sum(({ latencyMs }) => latencyMs) / entries.length),
    latencyMs: percentilesIn(reached.map(({ latencyMs }) => latencyMs)),
    firstTokenMs: percentilesIn(entries.flatMap(({ firstTokenMs }) => firstTokenMs ?? [])),
  }
}

function percentilesIn(durations: readonly number[]) {
  const buckets = Map.groupBy(durations, bucketOf)
  return percentilesOf(new Map([...buckets].map(([bucket, { length }]) => [bucket, length])))
}
