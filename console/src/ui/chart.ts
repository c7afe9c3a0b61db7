import { installationZone } from './instants.ts'
import { toCount, toDuration, toMoney, toShort, toSign } from './numbers.ts'

export type Series = {
  readonly name: string
  /** A CSS variable such as `--chart-1`, so that light and dark each bring their own. */
  readonly color: string
  /** Null is a gap: nothing was measured. */
  readonly values: readonly (number | null)[]
}

/** What a chart counts: plain numbers, percent, milliseconds, or millionths of the currency. */
export type ChartUnit = '%' | 'ms' | '$'

type Theme = { readonly text: string; readonly line: string; readonly color: (variable: string) => string }

/** The colours of the theme that is on, as the chart library needs them: resolved. */
export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement)
  const color = (variable: string) => style.getPropertyValue(variable).trim()
  return { text: color('--ui-text-muted'), line: color('--ui-border'), color }
}

/** A value as the tooltip tells it. */
export function toReading(value: number | null, unit: ChartUnit | undefined): string {
  if (value === null) return '–'
  if (unit === '%') return `${value.toFixed(value < 10 ? 1 : 0)}%`
  if (unit === 'ms') return toDuration(value)
  return unit === '$' ? toMoney(String(Math.round(value))) : toCount(value)
}

/** A value as the axis tells it: short. */
export function toTick(value: number, unit: ChartUnit | undefined): string {
  if (unit === '%') return `${value}%`
  if (unit === 'ms') return value >= 1000 ? `${toShort(value / 1000)} s` : `${toShort(value)} ms`
  return unit === '$' ? `${toSign()}${toShort(value / 1_000_000)}` : toShort(value)
}

/** Where the axis ends; null: wherever looks well above the highest value. A share is never more than all of it. */
export const toTop = (highest: number, unit: ChartUnit | undefined): number | null =>
  unit === '%' && highest > 75 ? 100 : null

const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
// Days are the installation's: in the browser's zone most of one may lie on another date.
const zoneOf = (interval: 'HOUR' | 'DAY') => (interval === 'DAY' ? { timeZone: installationZone.value } : {})

/** The label of a moment on the time axis: hours in the browser's zone, days in the installation's. */
export function toAxis(at: number, interval: 'HOUR' | 'DAY', isLong: boolean): string {
  const shown = interval === 'DAY' || isLong ? ({ day: 'numeric', month: 'short' } as const) : clock
  return new Intl.DateTimeFormat('en-GB', { ...shown, ...zoneOf(interval) }).format(at)
}

/** The heading of a tooltip: the whole moment. */
export function toHeading(at: number, interval: 'HOUR' | 'DAY'): string {
  const time = interval === 'DAY' ? zoneOf(interval) : clock
  return new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', ...time }).format(at)
}

/** A tooltip made of elements: as HTML text its inline styles would be refused by strict CSP. */
export function toTooltip(
  heading: string,
  rows: readonly { name: string; value: string; color: string }[],
): HTMLElement {
  const box = document.createElement('div')
  const title = box.appendChild(document.createElement('p'))
  title.textContent = heading
  title.className = 'pb-1 text-xs text-muted'
  for (const row of rows) {
    const line = box.appendChild(document.createElement('p'))
    line.className = 'flex items-center gap-2 text-xs text-default'
    const dot = line.appendChild(document.createElement('span'))
    dot.className = 'size-2 rounded-full'
    dot.style.backgroundColor = row.color
    const name = line.appendChild(document.createElement('span'))
    name.textContent = row.name
    const value = line.appendChild(document.createElement('span'))
    value.textContent = row.value
    value.className = 'ms-auto ps-4 font-medium text-highlighted tabular-nums'
  }
  return box
}
