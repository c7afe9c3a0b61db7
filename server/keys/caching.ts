import { z } from 'zod'

const WEEK_SECONDS = 7 * 86_400

/** How long an answer may be given again; null: never. */
export const cacheSeconds = z
  .number()
  .int()
  .min(1, 'must be 1 or more; null switches it off.')
  .max(WEEK_SECONDS, `must be ${WEEK_SECONDS} (a week) or less.`)
  .nullish()

/** What a request's answer may be used for again. */
export type Caching = {
  readonly seconds: number
  /** True: for others too. */
  readonly shared: boolean
}

/** What holds where several allow it: the shortest time, and sharing where one of them says so. */
export function joinCaching(all: readonly Caching[]): Caching | null {
  if (all.length === 0) return null
  return { seconds: Math.min(...all.map(({ seconds }) => seconds)), shared: all.some(({ shared }) => shared) }
}
