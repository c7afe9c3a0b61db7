import type { VariablesOf } from '../graphql.ts'
import { readMany } from '../ui/filters.ts'
import type { Column } from '../ui/table.ts'
import type { ListEntries } from './documents.ts'
import { codeHints } from './entry.ts'

export const logFilterNames = [
  'range',
  'owner',
  'key',
  'provider',
  'answered',
  'model',
  'status',
  'code',
  'errors',
] as const
export type LogFilterValues = Readonly<Record<(typeof logFilterNames)[number], string>>

type EntryFilter = NonNullable<VariablesOf<typeof ListEntries>['filter']>

export const logColumns: readonly Column[] = [
  { id: 'time', label: 'Time' },
  { id: 'status', label: 'Status' },
  { id: 'model', label: 'Model' },
  { id: 'key', label: 'Key', class: 'max-md:hidden' },
  { id: 'user', label: 'User', class: 'max-lg:hidden' },
  { id: 'provider', label: 'Provider', class: 'max-lg:hidden' },
  { id: 'tokens', label: 'Tokens', class: 'max-xl:hidden', isNumeric: true },
  { id: 'cost', label: 'Cost', class: 'max-xl:hidden', isNumeric: true },
  { id: 'latency', label: 'Latency', class: 'max-sm:hidden', isNumeric: true },
]

const statusCodes = [200, 400, 401, 403, 404, 408, 413, 429, 499, 500, 502, 503, 504] as const

export const statusChoices = statusCodes.map((code) => ({ value: String(code), label: String(code) }))
export const codeChoices = Object.keys(codeHints).map((code) => ({ value: code, label: code }))

/** The filters that both the charts and the list understand. */
export function toUsageFilter(values: LogFilterValues) {
  return {
    ...(values.owner ? { ownerId: values.owner } : {}),
    ...(values.key ? { keyId: values.key } : {}),
    ...(values.provider ? { providerId: values.provider } : {}),
    ...(values.model ? { model: values.model } : {}),
  }
}

/** Which groups the charts add up when the list is narrowed by status or code. */
export type Narrowing = { readonly by: 'STATUS' | 'CODE'; readonly has: (group: string) => boolean }

/**
 * The charts know one of status and code at a time; a code says more than its status, so it wins. "Errors only" is
 * every code, known here or not.
 */
export function toNarrowing(values: LogFilterValues): Narrowing | null {
  const codes = readMany(values.code)
  if (codes.length > 0) return { by: 'CODE', has: (code) => codes.includes(code) }
  const status = readMany(values.status)
  if (status.length > 0) return { by: 'STATUS', has: (one) => status.includes(one) }
  return values.errors === 'only' ? { by: 'CODE', has: (code) => code !== '' } : null
}

/** What the list is asked for; numbers in an edited address that are none are left out. */
export function toEntryFilter(values: LogFilterValues, from: string): EntryFilter {
  const status = readMany(values.status).map(Number).filter(Number.isInteger)
  const code = readMany(values.code)
  return {
    ...toUsageFilter(values),
    ...(values.answered ? { answeredById: values.answered } : {}),
    from,
    ...(status.length > 0 ? { status } : {}),
    ...(code.length > 0 ? { code } : {}),
    ...(values.errors === 'only' ? { errorsOnly: true } : {}),
  }
}
