const usual = [7, 30, 60, 90, 180] as const

/** The lifetimes on offer, in days: what people usually want, the default of the type, and its maximum at the end. */
export function toLifetimes(days: number, maximum: number | null): readonly number[] {
  const offered = new Set<number>([...usual, days, ...(maximum === null ? [] : [maximum])])
  return [...offered].filter((one) => maximum === null || one <= maximum).sort((a, b) => a - b)
}
