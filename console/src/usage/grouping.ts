import type { Series } from '../ui/chart.ts'
import type { Point } from './documents.ts'
import { toValues } from './series.ts'

export const groupings = [
  { value: '', label: 'Nothing', groupBy: null },
  { value: 'key', label: 'Key', groupBy: 'KEY' },
  { value: 'user', label: 'User', groupBy: 'OWNER' },
  { value: 'group', label: 'Group', groupBy: 'GROUP' },
  { value: 'provider', label: 'Provider', groupBy: 'PROVIDER' },
  { value: 'model', label: 'Model', groupBy: 'MODEL' },
] as const

/** The grouping an address names; nothing when it names none. */
export function readGrouping(value: string) {
  return groupings.find((one) => one.value === value) ?? groupings[0]
}

const colors = ['--chart-1', '--chart-2', '--chart-3', '--chart-4', '--chart-5'] as const

function byGroup(points: readonly Point[]): Map<string | null, Point[]> {
  const groups = new Map<string | null, Point[]>()
  for (const point of points) groups.set(point.group, [...(groups.get(point.group) ?? []), point])
  return groups
}

/** The groups with the most of something, one series each, and all others as one more. */
export function toStacks(
  points: readonly Point[],
  times: readonly number[],
  pick: (point: Point) => number,
): readonly Series[] {
  const sum = (list: readonly Point[]) => list.reduce((total, point) => total + pick(point), 0)
  const groups = byGroup(points)
  // The server itself adds up what is behind the largest groups.
  const beyond = groups.size > 1 ? (groups.get(null) ?? []) : []
  if (groups.size > 1) groups.delete(null)
  const sorted = [...groups.values()].sort((a, b) => sum(b) - sum(a)).filter((list) => sum(list) > 0)
  const top = sorted.slice(0, colors.length).map((list, index) => ({
    name: list[0]?.label || list[0]?.group || 'All',
    color: colors[index] ?? '--chart-6',
    values: toValues(list, times, pick).map((value) => value ?? 0),
  }))
  const rest = [...sorted.slice(colors.length), ...(sum(beyond) > 0 ? [beyond] : [])]
  if (rest.length === 0) return top
  const others = rest.map((list) => toValues(list, times, pick))
  const values = times.map((_, index) => others.reduce((total, list) => total + (list[index] ?? 0), 0))
  return [...top, { name: rest.includes(beyond) ? 'All others' : `${rest.length} more`, color: '--chart-6', values }]
}
