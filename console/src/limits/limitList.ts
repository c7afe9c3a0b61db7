import type { VariablesOf } from '../graphql.ts'
import { readMany, readYes } from '../ui/filters.ts'
import type { Column } from '../ui/table.ts'
import type { ListLimits } from './documents.ts'
import { metrics, periods, targets } from './limit.ts'

export const limitFilterNames = [
  'search',
  'target',
  'metric',
  'period',
  'key',
  'user',
  'group',
  'provider',
  'enabled',
] as const
export type LimitFilterValues = Readonly<Record<(typeof limitFilterNames)[number], string>>

export const limitColumns: readonly Column[] = [
  { id: 'enabled', label: 'On', class: 'w-14' },
  { id: 'name', label: 'Limit', sort: 'name' },
  { id: 'target', label: 'Counts', class: 'max-md:hidden' },
  { id: 'meter', label: 'Used', class: 'w-52 max-sm:hidden' },
  { id: 'resets', label: 'Resets', class: 'max-lg:hidden' },
  { id: 'created', label: 'Created', sort: 'created', class: 'max-xl:hidden' },
  { id: 'actions', label: 'Actions', isQuiet: true, isPinned: true, class: 'w-10' },
]

function known<T extends string>(items: readonly { readonly value: T }[], text: string): T[] {
  const values = readMany(text)
  return items.map((one) => one.value).filter((value) => values.includes(value))
}

/** What the server is asked for, from what stands in the address. Unknown values are left out. */
export function toLimitFilter(values: LimitFilterValues): NonNullable<VariablesOf<typeof ListLimits>['filter']> {
  const target = known(targets, values.target)
  const metric = known(metrics, values.metric)
  const period = known(periods, values.period)
  return {
    search: values.search || undefined,
    target: target.length > 0 ? target : undefined,
    metric: metric.length > 0 ? metric : undefined,
    period: period.length > 0 ? period : undefined,
    keyId: values.key || undefined,
    userId: values.user || undefined,
    groupId: values.group || undefined,
    providerId: values.provider || undefined,
    enabled: readYes(values.enabled),
  }
}
