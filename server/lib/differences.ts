/** JSON in which whole numbers of any size are decimal texts. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_member, part: unknown) => (typeof part === 'bigint' ? part.toString() : part))

/**
 * What is another value than the row has: as wished, and as it was before. Lists, dates and records are compared by
 * what they say; undefined wishes nothing. Null: nothing differs.
 */
export function differences<Wished extends object>(row: object, wished: Wished) {
  const current: Readonly<Record<string, unknown>> = { ...row }
  const before: Record<string, unknown> = {}
  const after: Partial<Wished> = {}
  for (const member in wished) {
    const value = wished[member]
    if (value === undefined || toJson(value) === toJson(current[member])) continue
    before[member] = current[member]
    after[member] = value
  }
  return Object.keys(after).length > 0 ? { before, after } : null
}
