import { shallowRef } from 'vue'

/** Instants as people read them. Every function takes ISO 8601 in UTC; "now" comes in as an argument. */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** The zone in which days of reports and limits begin: the installation's, which need not be that of the browser. */
export const installationZone = shallowRef('UTC')

/** What a clock on the wall of a zone shows, as if it were UTC. */
const toWall = (at: number, zone: string) =>
  Date.parse(`${new Date(at).toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T')}Z`)

/** The first instant of the calendar day that an instant is in; a midnight that clocks skip is the hour after it. */
export function startOfDay(at: number, zone: string): number {
  const midnight = Math.floor(toWall(at, zone) / day) * day
  // Clocks may be changed at this very midnight: as they run before it and after it, the first that has reached it.
  const starts = [midnight - day, midnight + day].map((near) => midnight - (toWall(near, zone) - near))
  return Math.min(...starts.filter((start) => toWall(start, zone) >= midnight))
}

/** The first instant of the calendar day after that one. */
export const startOfNextDay = (at: number, zone: string) => startOfDay(startOfDay(at, zone) + 1.5 * day, zone)

/** The zone of the browser, such as `Europe/Berlin`. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

function format(iso: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-GB', options).format(new Date(iso))
}

/** `22 Feb 2027` in the given zone. */
export function toDay(iso: string, zone = localZone()): string {
  return format(iso, { day: 'numeric', month: 'short', year: 'numeric', timeZone: zone })
}

/** `22 Feb 2027, 14:05 CET`: date, time and the zone it is told in. */
export function toDayAndTime(iso: string, zone = localZone()): string {
  return format(iso, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: zone,
    timeZoneName: 'short',
  })
}

/** `22 Feb 2027, 14:05:09`, for tables in which seconds tell rows apart. */
export function toSeconds(iso: string, zone = localZone()): string {
  return format(iso, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZone: zone,
  })
}

/** Both readings of one instant; a single one when the browser's zone is UTC itself. */
export function toBothZones(iso: string, zone = localZone()): string {
  const utc = toDayAndTime(iso, 'UTC')
  const local = toDayAndTime(iso, zone)
  return local === utc ? utc : `${local} · ${utc}`
}

/** An instant as a detail: the browser's zone first, UTC below it when that differs. */
export function toZoned(iso: string, zone = localZone()): { readonly value: string; readonly note?: string } {
  const utc = toDayAndTime(iso, 'UTC')
  const local = toDayAndTime(iso, zone)
  return local === utc ? { value: utc } : { value: local, note: utc }
}

/** `in 3 days`, `2 hours ago`, `just now`. */
export function toRelative(iso: string, now: number): string {
  const delta = new Date(iso).getTime() - now
  const size = Math.abs(delta)
  if (size < 45_000) return delta > 0 ? 'in a moment' : 'just now'
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'narrow' })
  const round = (unit: number) => Math.round(delta / unit)
  if (size < hour) return words.format(round(minute), 'minute')
  if (size < day) return words.format(round(hour), 'hour')
  if (size < 60 * day) return words.format(round(day), 'day')
  return words.format(round(30.44 * day), 'month')
}

/** The instant a number of days after now, as ISO 8601 in UTC. */
export function daysFrom(now: number, days: number): string {
  return new Date(now + days * day).toISOString()
}

/** The last second of a local calendar day (`2027-02-22` of a date field) as an instant, or null when it is none. */
export function endOfLocalDay(date: string): string | null {
  const at = new Date(`${date}T23:59:59`)
  return Number.isNaN(at.getTime()) ? null : at.toISOString()
}

/** `2027-02-22` of an instant in the browser's zone, for a date field. */
export function toDateField(iso: string): string {
  const at = new Date(iso)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

/** Whole days from now until the instant, rounded up; negative when it has passed. */
export function daysUntil(iso: string, now: number): number {
  return Math.ceil((new Date(iso).getTime() - now) / day)
}
