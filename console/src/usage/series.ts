import { installationZone, startOfDay, startOfNextDay } from '../ui/instants.ts'
import type { Point } from './documents.ts'

const hour = 3_600_000
const day = 24 * hour

const startOfHour = (at: number) => Math.floor(at / hour) * hour

export const ranges = [
  { value: '1h', label: '1 h', words: 'the last hour', ms: hour, interval: 'HOUR' },
  { value: '24h', label: '24 h', words: 'the last 24 hours', ms: day, interval: 'HOUR' },
  { value: '7d', label: '7 d', words: 'the last 7 days', ms: 7 * day, interval: 'HOUR' },
  { value: '30d', label: '30 d', words: 'the last 30 days', ms: 30 * day, interval: 'DAY' },
  { value: '90d', label: '90 d', words: 'the last 90 days', ms: 90 * day, interval: 'DAY' },
] as const

const usual = ranges[1]

/** The range an address names; a day when it names none. */
export function readRange(value: string) {
  return ranges.find((one) => one.value === value) ?? usual
}

/** Where a range begins that ends now: at a whole hour, as sums do, so that a list and its charts count the same. */
export const startOf = (range: { readonly ms: number }, now: number): number => startOfHour(now - range.ms)

export type Sums = {
  readonly requests: number
  readonly errors: number
  readonly tokens: string
  readonly costMicros: string
  readonly unpriced: number
  readonly averageLatencyMs: number
}

/** Adds points up; the average latency is weighted by requests. */
export function sumUp(points: readonly Point[]): Sums {
  const requests = points.reduce((sum, point) => sum + point.requests, 0)
  const weighted = points.reduce((sum, point) => sum + point.averageLatencyMs * point.requests, 0)
  const tokens = points.reduce((sum, point) => sum + BigInt(point.inputTokens) + BigInt(point.outputTokens), 0n)
  return {
    requests,
    errors: points.reduce((sum, point) => sum + point.errors, 0),
    tokens: tokens.toString(),
    costMicros: points.reduce((sum, point) => sum + BigInt(point.costMicros), 0n).toString(),
    unpriced: points.reduce((sum, point) => sum + point.unpriced, 0),
    averageLatencyMs: requests === 0 ? 0 : Math.round(weighted / requests),
  }
}

export type Slot = { readonly at: number; readonly requests: number; readonly errors: number }

/** One slot per interval from start to end, with zeros where nothing happened: a gap in a chart is not silence. */
export function toSlots(points: readonly Point[], from: number, to: number, interval: 'HOUR' | 'DAY'): readonly Slot[] {
  const byStart = new Map(points.map((point) => [Date.parse(point.start), point]))
  return toTimes(from, to, interval).map((at) => {
    const point = byStart.get(at)
    return { at, requests: point?.requests ?? 0, errors: point?.errors ?? 0 }
  })
}

/** The start of every interval between two instants: whole hours, or days of the installation, as the server sums. */
export function toTimes(from: number, to: number, interval: 'HOUR' | 'DAY'): readonly number[] {
  const zone = installationZone.value
  const next = (at: number) => (interval === 'HOUR' ? at + hour : startOfNextDay(at, zone))
  const times: number[] = []
  for (let at = interval === 'HOUR' ? startOfHour(from) : startOfDay(from, zone); at < to; at = next(at)) times.push(at)
  return times
}

/** One value per interval; null where nothing happened, for measures of which silence is no zero. */
export function toValues<P extends { readonly start: string }>(
  points: readonly P[],
  times: readonly number[],
  pick: (point: P) => number | null | undefined,
): readonly (number | null)[] {
  const byStart = new Map(points.map((point) => [Date.parse(point.start), point]))
  return times.map((at) => {
    const point = byStart.get(at)
    return point === undefined ? null : (pick(point) ?? null)
  })
}

/** Points of several groups in one interval become one point: the sum of those that are asked for. */
export function mergeGroups(points: readonly Point[], has: (group: string) => boolean): readonly Point[] {
  const merged = new Map<string, Point>()
  for (const point of points) {
    if (!has(point.group ?? '')) continue
    const known = merged.get(point.start)
    merged.set(point.start, known === undefined ? point : addPoints(known, point))
  }
  return [...merged.values()]
}

function addPoints(a: Point, b: Point): Point {
  const requests = a.requests + b.requests
  const add = (one: string, other: string) => (BigInt(one) + BigInt(other)).toString()
  const weighted = a.averageLatencyMs * a.requests + b.averageLatencyMs * b.requests
  return {
    ...a,
    requests,
    errors: a.errors + b.errors,
    inputTokens: add(a.inputTokens, b.inputTokens),
    outputTokens: add(a.outputTokens, b.outputTokens),
    costMicros: add(a.costMicros, b.costMicros),
    unpriced: a.unpriced + b.unpriced,
    averageLatencyMs: requests === 0 ? 0 : Math.round(weighted / requests),
  }
}

/** The busiest groups first, and everything else as one. */
export function toTop(
  points: readonly Point[],
  count: number,
): readonly { label: string; group: string; requests: number }[] {
  const sorted = points.filter((point) => point.group !== null).sort((a, b) => b.requests - a.requests)
  const beyond = points.find((point) => point.group === null)?.requests ?? 0
  const top = sorted.slice(0, count).map((point) => ({
    label: point.label || point.group || 'unknown',
    group: point.group ?? '',
    requests: point.requests,
  }))
  const rest = sorted.slice(count).reduce((sum, point) => sum + point.requests, beyond)
  const label = beyond > 0 ? 'All others' : `${sorted.length - count} more`
  return rest === 0 ? top : [...top, { label, group: '', requests: rest }]
}
