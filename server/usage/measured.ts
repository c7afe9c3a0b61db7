import type { UsageEntryFilter } from './entries.store.ts'

export type UsageGroup = 'KEY' | 'OWNER' | 'GROUP' | 'PROVIDER' | 'MODEL' | 'STATUS' | 'CODE'

/** What sums can be narrowed to. Null and undefined do not narrow. */
export type Narrowing = Pick<UsageEntryFilter, 'ownerId' | 'keyId' | 'providerId' | 'model' | 'status' | 'code'>

const DIMENSIONS = ['OWNER', 'PROVIDER', 'MODEL', 'STATUS', 'CODE', 'KEY'] as const

/** What measures are kept of: everything at once, or each value of a dimension. */
export type Measured = {
  readonly dimension: Exclude<(typeof DIMENSIONS)[number], 'KEY'> | 'ALL'
  /** Any of them; null: each. */
  readonly values: readonly (string | number)[] | null
}

/** Which measures answer a question; null: it is of a key or of two dimensions, and the finest sums must be added up. */
export function measuredOf(groupBy: UsageGroup | null, filter: Narrowing): Measured | null {
  const { ownerId, keyId, providerId, model, status, code } = filter
  const values = { OWNER: ownerId, PROVIDER: providerId, MODEL: model, STATUS: status, CODE: code, KEY: keyId }
  const grouped = groupBy === 'GROUP' ? 'OWNER' : groupBy
  const [dimension = 'ALL', other] = DIMENSIONS.filter((one) => one === grouped || values[one] != null)
  if (other || dimension === 'KEY') return null
  const value = dimension === 'ALL' ? null : values[dimension]
  return { dimension, values: value == null ? null : [value].flat() }
}
