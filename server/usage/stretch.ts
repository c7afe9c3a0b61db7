import { calendarWindow } from '../limits/window.ts'

export type UsageInterval = 'HOUR' | 'DAY' | 'TOTAL'

/** Rows of one grain between two instants; `at` is the beginning of the interval they count in. All of it is SQL. */
export type Stretch = {
  readonly wholeDay: boolean
  at(start: string): string
  readonly from: string
  readonly to: string
}

// Whole days are read as days, what is left at both ends as hours: $3 is the midnight before the first of them.
const inDays = (first: string, whole: (start: string) => string, last: string): readonly Stretch[] => [
  { wholeDay: false, at: () => first, from: '$1', to: '$4' },
  { wholeDay: true, at: whole, from: '$4', to: '$5' },
  { wholeDay: false, at: () => last, from: '$5', to: '$2' },
]

const BEGINNING = '$1::timestamptz'

/** What a report from $1 to $2 is read from; $3 to $5 are `dayBounds`. */
export const STRETCHES = {
  // An hour that midnight cuts is two rows and one point.
  HOUR: [{ wholeDay: false, at: (start) => `date_bin('1 hour', ${start}, 'epoch')`, from: '$1', to: '$2' }],
  DAY: inDays('$3::timestamptz', (start) => start, '$5::timestamptz'),
  TOTAL: inDays(BEGINNING, () => BEGINNING, BEGINNING),
} as const satisfies Record<UsageInterval, readonly Stretch[]>

/**
 * The midnight at or before the beginning of a span, and the first and the last midnight in it; both are its end when
 * there is none.
 */
export function dayBounds(from: Date, to: Date, timeZone: string): readonly [day: Date, first: Date, last: Date] {
  const day = new Date(calendarWindow('DAY', from.getTime(), timeZone).startsAt)
  const first = calendarWindow('DAY', from.getTime() - 1, timeZone).endsAt ?? to.getTime()
  const last = calendarWindow('DAY', to.getTime(), timeZone).startsAt
  return first <= last ? [day, new Date(first), new Date(last)] : [day, to, to]
}
