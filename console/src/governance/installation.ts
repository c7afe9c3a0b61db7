import { z } from 'zod'
import type { Choice } from '../ui/filters.ts'
import type { Installation } from './installationDocuments.ts'

const whole = z.number('Enter a whole number').int('Enter a whole number')
const from1 = (max: number) => whole.min(1, 'At least 1').max(max, `At most ${new Intl.NumberFormat('en').format(max)}`)

export const installationSchema = z.object({
  timeZone: z.string().min(1, 'Choose a time zone'),
  currency: z.string().min(1, 'Choose a currency'),
  defaultMaxTokens: from1(1_000_000),
  usageRetentionDays: from1(3650),
  auditRetentionDays: whole.refine((days) => days === 0 || (days >= 30 && days <= 3650), '30 to 3,650, or 0 for ever'),
})

export const governanceSchema = z.object({ requestDays: from1(365) })

export type InstallationState = z.infer<typeof installationSchema>

export const toState = ({ auditRetentionDays, ...settings }: Installation): InstallationState => ({
  ...settings,
  auditRetentionDays: auditRetentionDays ?? 0,
})

function matching(names: readonly string[], chosen: string, text: string, toLabel: (name: string) => string) {
  const wanted = text.trim().toLowerCase().replaceAll(' ', '_')
  const found = [...new Set([chosen, ...names])]
    .map((value): Choice => ({ value, label: toLabel(value) }))
    .filter(({ label }) => label.toLowerCase().replaceAll(' ', '_').includes(wanted))
  return found.slice(0, 50)
}

const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')]
const currencies = ['USD', 'EUR', 'GBP', 'CHF', 'JPY', ...Intl.supportedValuesOf('currency')]
const currencyNames = new Intl.DisplayNames('en', { type: 'currency' })

/** Time zones that a text is part of; the chosen one first. */
export const findZones = (text: string, chosen: string) => matching(zones, chosen, text, (name) => name)

/** Currencies that a text is part of, by code and name; the chosen one first. */
export const findCurrencies = (text: string, chosen: string) =>
  matching(currencies, chosen, text, (code) => `${code} · ${currencyNames.of(code) ?? code}`)

/** What a clock shows there now, so that people see whether they chose the right one. */
export function toLocalTime(timeZone: string, now: number): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit' }).format(
    now,
  )
}
