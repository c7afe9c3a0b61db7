import { STRETCHES, type UsageInterval } from './stretch.ts'

export type UsageGroup = 'KEY' | 'OWNER' | 'GROUP' | 'PROVIDER' | 'MODEL' | 'STATUS' | 'CODE'

/** What a report is narrowed to; null: not by this. */
export type Narrowing = Readonly<Record<'ownerId' | 'keyId' | 'providerId' | 'model', string | null>>

type Question = { readonly groupBy: UsageGroup | null; readonly filter: Narrowing }

/** The groups whose histograms are kept merged. `value` null: each of them. */
export type Measured = {
  readonly dimension: Exclude<UsageGroup, 'KEY' | 'GROUP'> | 'ALL'
  readonly value: string | null
}

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
  if (one) return groupBy === null ? { dimension: one[0], value: one[1] } : null
  if (groupBy === 'GROUP') return { dimension: 'OWNER', value: null }
  return { dimension: groupBy ?? 'ALL', value: groupBy === null ? '' : null }
}

/** Each row of an owner once for every group they are a member of now. */
export const memberships = (owner: string) => `JOIN (
    SELECT user_id, group_id FROM group_members JOIN groups ON groups.id = group_id WHERE deleted_at IS NULL
  ) AS memberships ON user_id = ${owner}`

const VALUES = {
  KEY: 'value::uuid',
  OWNER: 'value::uuid',
  GROUP: 'group_id',
  PROVIDER: 'value::uuid',
  MODEL: 'value',
  STATUS: 'value::smallint',
  CODE: 'value',
} as const satisfies Record<UsageGroup, string>

/** Their rows. The numbers are those of `readUsage`. */
export function measuredText(interval: UsageInterval, groupBy: UsageGroup | null, column: string): string {
  const group = groupBy === null ? `''::text` : VALUES[groupBy]
  const join = groupBy === 'GROUP' ? memberships('value::uuid') : ''
  const rows = STRETCHES[interval].map(
    ({ wholeDay, at, from, to }) => `
    SELECT ${at('starts_at')} AS at, ${group} AS grp, ${column} AS elements FROM usage_durations ${join}
    WHERE dimension = $11 AND whole_day = ${wholeDay} AND starts_at >= ${from} AND starts_at < ${to}
      AND ($12::text IS NULL OR value = $12)`,
  )
  return rows.join(' UNION ALL ')
}
