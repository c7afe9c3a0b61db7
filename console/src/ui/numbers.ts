import { shallowRef } from 'vue'

/** What amounts of money are in: the installation's currency, ISO 4217. */
export const currency = shallowRef('USD')

/** `12,480` */
export function toCount(value: number): string {
  return new Intl.NumberFormat('en').format(value)
}

/** `12.5K`, `0.15`: three digits, for places with little room; the full number belongs beside it for those who ask. */
export function toShort(value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value)
}

/** Tokens and bytes come as decimal strings, which may be longer than a number can hold. */
export function toBig(value: string): string {
  return new Intl.NumberFormat('en').format(BigInt(value))
}

/** `$1.24` from millionths of the currency; four places below one hundredth, and six where four would say nothing. */
export function toMoney(micros: string): string {
  const places = placesOf(Math.abs(Number(micros)) / 1_000_000)
  return toAmountOf(micros, places, places)
}

/** `$0.075`, `$2.50` from millionths of the currency: a price as it was set, nothing rounded. */
export const toPrice = (micros: string): string => toAmountOf(micros, 2, 6)

function toAmountOf(micros: string, minimumFractionDigits: number, maximumFractionDigits: number): string {
  const options = { style: 'currency', currency: currency.value, minimumFractionDigits, maximumFractionDigits } as const
  return new Intl.NumberFormat('en', options).format(Number(micros) / 1_000_000)
}

function placesOf(amount: number): number {
  if (amount === 0 || amount >= 0.01) return 2
  return amount >= 0.0001 ? 4 : 6
}

/** `$`: the sign that stands before amounts. */
export function toSign(): string {
  const parts = new Intl.NumberFormat('en', { style: 'currency', currency: currency.value }).formatToParts(0)
  return parts.find(({ type }) => type === 'currency')?.value ?? currency.value
}

/** A sum of costs; `unpriced` are the requests it leaves out because nobody knew their price. */
export type Cost = { readonly costMicros: string; readonly unpriced: number }

/** A sum of costs; `–` when nothing in it had a known price, because unknown is not free. */
export function toCost({ costMicros, unpriced }: Cost): string {
  return costMicros === '0' && unpriced > 0 ? '–' : toMoney(costMicros)
}

/** `2.4%` of errors among requests; nothing of nothing is none. */
export function toRate(part: number, whole: number): string {
  if (whole === 0) return '0%'
  return `${new Intl.NumberFormat('en', { maximumFractionDigits: 1 }).format((100 * part) / whole)}%`
}

/** `340 ms`, `2.1 s` */
export function toDuration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

/** `1.4 kB` */
export function toSize(bytes: string): string {
  const value = Number(bytes)
  if (value < 1000) return `${value} B`
  if (value < 1_000_000) return `${(value / 1000).toFixed(1)} kB`
  return `${(value / 1_000_000).toFixed(1)} MB`
}

/** `1 key`, `12 keys`, `2 entries`; a word of which more than the end changes comes with its plural. */
export function toPlural(count: number, one: string, many = `${one.replace(/([^aeiou])y$/, '$1ie')}s`): string {
  return `${toCount(count)} ${count === 1 ? one : many}`
}
