import type { LimitPeriod } from '../generated/prisma/enums.ts'

/** A span of a limit, epoch milliseconds; `endsAt` null: it never ends. */
export type Window = { readonly startsAt: number; readonly endsAt: number | null }

/** Milliseconds of the periods that begin with their first request, so that no border lets twice the limit through. */
export const SPANS: Readonly<Partial<Record<LimitPeriod, number>>> = { MINUTE: 60_000, HOUR: 3_600_000 }

/** Where the window of limits without an end begins. */
export const ALWAYS: Window = { startsAt: 0, endsAt: null }

const DAY_MS = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(timeZone, made)
  return made
}

/** What a clock on the wall shows, as if it were UTC. */
function wallAt(at: number, timeZone: string): number {
  const parts = new Map<string, number>(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const read = (type: string) => parts.get(type) ?? 0
  return Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'))
}

/** The first instant at which a clock on the wall shows this midnight or, where it is skipped, something later. */
function startOfDay(wall: number, timeZone: string): number {
  // No zone is further than a day from UTC, and a day has at most one jump of a few hours: bisect to the second.
  let before = wall - DAY_MS - 1000
  let after = wall + DAY_MS
  // Nearly all days have no jump near them: they need no search, and each look at a clock takes 20 us.
  const ahead = wallAt(before, timeZone) - before
  if (wallAt(after, timeZone) - after === ahead) return wall - ahead
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2000) * 1000
    if (middle <= before || middle >= after) break
    if (wallAt(middle, timeZone) >= wall) after = middle
    else before = middle
  }
  return after
}

/** The calendar window of an instant, in a time zone. Weeks begin on Monday. Days have 23 to 25 hours. */
export function calendarWindow(period: 'DAY' | 'WEEK' | 'MONTH', now: number, timeZone: string): Window {
  const today = wallAt(now, timeZone)
  const date = new Date(today)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const monday = day - ((date.getUTCDay() + 6) % 7)
  const [first, next] = {
    DAY: [Date.UTC(year, month, day), Date.UTC(year, month, day + 1)],
    WEEK: [Date.UTC(year, month, monday), Date.UTC(year, month, monday + 7)],
    MONTH: [Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1)],
  }[period] satisfies readonly number[]
  return { startsAt: startOfDay(first ?? today, timeZone), endsAt: startOfDay(next ?? today, timeZone) }
}

/** The window a limit is in; null for a period that begins with its first request. */
export function windowAt(period: LimitPeriod | null, now: number, timeZone: string): Window | null {
  if (period === null || period === 'TOTAL') return ALWAYS
  return period === 'MINUTE' || period === 'HOUR' ? null : calendarWindow(period, now, timeZone)
}

/** A time until something as OpenAI writes it: `250ms`, `1s`, `6m0s`, `1h0m0s`. */
export function formatReset(ms: number): string {
  if (ms <= 0) return '0s'
  if (ms < 1000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  if (hours > 0) return `${hours}h${minutes}m${seconds % 60}s`
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`
}
