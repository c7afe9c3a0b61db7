import type { Tx } from '../lib/db.ts'
import { moveWindows } from './calendar.store.ts'
import { calendarWindow } from './window.ts'

/** Limits per day, week and month go on in the calendar of another time zone, with what was used of them. */
export async function changeCalendar(tx: Tx, zones: { readonly before: string; readonly after: string }, now: Date) {
  const startOf = (period: 'DAY' | 'WEEK' | 'MONTH', zone: string) =>
    calendarWindow(period, now.getTime(), zone).startsAt
  const periods = ['DAY', 'WEEK', 'MONTH'] as const
  const moves = periods.map((period) => ({
    period,
    from: startOf(period, zones.before),
    to: startOf(period, zones.after),
  }))
  await moveWindows(tx, moves, now)
}
