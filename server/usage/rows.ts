import { measuredOf, type Narrowing, type UsageGroup } from './measured.ts'
import { dayBounds, STRETCHES, type UsageInterval } from './stretch.ts'

/** What is added up, of whole hours. */
export type Sought = {
  readonly from: Date
  readonly to: Date
  readonly interval: UsageInterval
  readonly groupBy: UsageGroup | null
  readonly timeZone: string
  readonly filter: Narrowing
}

/** The values of the parameters that texts of here have in common: $1 from, $2 to, $3 to $5 `dayBounds`, and what follows. */
export function valuesOf({ from, to, timeZone, groupBy, filter }: Sought): readonly unknown[] {
  const { ownerId, keyId, providerId, model, status, code } = filter
  const measured = measuredOf(groupBy, filter)
  const narrowing = [ownerId, keyId, providerId, model, status, code, measured?.dimension, measured?.values]
  return [from, to, ...dayBounds(from, to, timeZone), ...narrowing]
}

/** So that their types are known also where a text does without some of them. It is read by nobody. */
export const PARAMETERS = `parameters AS (SELECT $1::timestamptz, $2::timestamptz, $3::timestamptz, $4::timestamptz,
  $5::timestamptz, $6::uuid, $7::uuid, $8::uuid, $9::text, $10::int[], $11::text[], $12::text, $13::text[])`

/** Where the finest sums, or entries, are those that are sought. */
export const narrowed = (model: 'model' | 'model_asked') => `($6::uuid IS NULL OR owner_id = $6)
  AND ($7::uuid IS NULL OR key_id = $7) AND ($8::uuid IS NULL OR provider_id = $8)
  AND ($9::text IS NULL OR ${model} = $9) AND ($10::int[] IS NULL OR status = ANY($10))
  AND ($11::text[] IS NULL OR code = ANY($11))`

/** Those of requests with an error code, in the finest sums. */
export const ERRORS = `CASE WHEN code <> '' THEN requests ELSE 0 END`

const finest = (wholeDay: boolean) => {
  const [table, start] = wholeDay ? ['usage_days', 'day'] : ['usage_rollups', 'hour']
  return `SELECT *, ${start} AS starts_at, ${ERRORS} AS errors FROM ${table} WHERE ${narrowed('model')}`
}

const measures = (wholeDay: boolean) => `SELECT * FROM usage_measures
  WHERE dimension = $12 AND whole_day = ${wholeDay} AND ($13::text[] IS NULL OR value = ANY($13))`

// Fragments of SQL, never values: each is chosen by a closed set of words.
const FINEST_GROUPS = {
  KEY: 'key_id',
  OWNER: 'owner_id',
  GROUP: 'group_id',
  PROVIDER: 'provider_id',
  MODEL: 'model',
  STATUS: 'status',
  CODE: 'code',
} as const satisfies Record<UsageGroup, string>

const MEASURED_GROUPS = {
  ...FINEST_GROUPS,
  OWNER: 'value::uuid',
  PROVIDER: 'value::uuid',
  MODEL: 'value',
  STATUS: 'value::smallint',
  CODE: 'value',
} as const satisfies Record<UsageGroup, string>

/** Each row of an owner once for every group they are a member of now. */
const memberships = (owner: string) => `JOIN (
    SELECT user_id, group_id FROM group_members JOIN groups ON groups.id = group_id WHERE deleted_at IS NULL
  ) AS memberships ON user_id = ${owner}`

/**
 * Rows with these columns, of measures where those are kept and else of the finest sums; `at` is the beginning of their
 * interval, `grp` what they are grouped by.
 */
export function rowsText({ interval, groupBy, filter }: Sought, columns: string): string {
  const [sums, groups] = measuredOf(groupBy, filter) ? [measures, MEASURED_GROUPS] : [finest, FINEST_GROUPS]
  const group = groupBy === null ? `''::text` : groups[groupBy]
  const join = groupBy === 'GROUP' ? memberships(groups.OWNER) : ''
  const rows = STRETCHES[interval].map(
    ({ wholeDay, at, from, to }) => `
      SELECT ${at('starts_at')} AS at, ${group} AS grp, ${columns} FROM (${sums(wholeDay)}) AS sums ${join}
      WHERE starts_at >= ${from} AND starts_at < ${to}`,
  )
  return rows.join(' UNION ALL ')
}
