/** A result that took this long costs more than it is worth being exact to the second. */
const SLOW_MS = 50
/** How many times as long as it took a result is remembered: recomputing takes a twentieth of the time at most. */
const TIMES = 20
const MAX_KEPT = 1000

type Known<Result> = { readonly result: Promise<Result>; until: number }

/** Remembers results that are slow to compute, for seconds; quick ones are computed each time. Asking at once computes once. */
export function createSlowMemo<Result>(now: () => number = () => performance.now()) {
  const known = new Map<string, Known<Result>>()

  function compute(key: string, work: () => Promise<Result>): Promise<Result> {
    const begun = now()
    const entry: Known<Result> = { result: work(), until: Number.POSITIVE_INFINITY }
    if (known.size >= MAX_KEPT) known.clear()
    known.set(key, entry)
    const settle = (isKept: boolean) => {
      const tookMs = now() - begun
      if (isKept && tookMs >= SLOW_MS) entry.until = now() + tookMs * TIMES
      else if (known.get(key) === entry) known.delete(key)
    }
    entry.result.then(
      () => settle(true),
      () => settle(false),
    )
    return entry.result
  }

  return (key: string, work: () => Promise<Result>): Promise<Result> => {
    const entry = known.get(key)
    return entry && entry.until > now() ? entry.result : compute(key, work)
  }
}
