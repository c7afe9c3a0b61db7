export type UsageGroup = 'KEY' | 'OWNER' | 'PROVIDER' | 'MODEL' | 'STATUS' | 'CODE'
export type UsageInterval = 'HOUR' | 'DAY' | 'TOTAL'

/** What a report is narrowed to; null: not by this. */
export type Narrowing = Readonly<Record<'ownerId' | 'keyId' | 'providerId' | 'model', string | null>>

type Question = { readonly groupBy: UsageGroup | null; readonly filter: Narrowing }

/** The groups whose histograms are kept merged. `value` null: each of them. */
export type Measured = { readonly dimension: Exclude<UsageGroup, 'KEY'> | 'ALL'; readonly value: string | null }

/** Which merged histograms answer a question; null: none, and those of the finest sums must be merged. */
export function measuredOf({ groupBy, filter }: Question): Measured | null {
  const { ownerId, keyId, providerId, model } = filter
  const narrowed = [
    ['OWNER', ownerId],
    ['PROVIDER', providerId],
    ['MODEL', model],
  ] as const
  const [one, other] = narrowed.filter(([, value]) => value !== null)
  if (keyId !== null || other || groupBy === 'KEY') return null
  if (!one) return { dimension: groupBy ?? 'ALL', value: groupBy === null ? '' : null }
  return groupBy === null ? { dimension: one[0], value: one[1] } : null
}

const TYPES = { KEY: 'uuid', OWNER: 'uuid', PROVIDER: 'uuid', MODEL: 'text', STATUS: 'smallint', CODE: 'text' } as const

/** Their rows: whole days as days, what is left at both ends as hours. The numbers are those of `readUsage`. */
export function measuredText(interval: UsageInterval, groupBy: UsageGroup | null, column: string): string {
  const group = groupBy === null ? `''::text` : `value::${TYPES[groupBy]}`
  const rows = (at: string, wholeDay: boolean, from: string, to: string) => `
    SELECT ${at} AS at, ${group} AS grp, ${column} AS elements FROM usage_durations
    WHERE dimension = $11 AND whole_day = ${wholeDay} AND starts_at >= ${from} AND starts_at < ${to}
      AND ($12::text IS NULL OR value = $12)`
  if (interval === 'HOUR') return rows('starts_at', false, '$1', '$2')
  const [hours, days] =
    interval === 'DAY' ? [`date_trunc('day', starts_at, $7)`, 'starts_at'] : ['$1::timestamptz', '$1::timestamptz']
  return [rows(hours, false, '$1', '$9'), rows(days, true, '$9', '$10'), rows(hours, false, '$10', '$2')].join(
    ' UNION ALL ',
  )
}
