/** Milliseconds that 50, 90 and 99 of a hundred requests stayed within. */
export type Percentiles = { readonly p50: number; readonly p90: number; readonly p99: number }

// Bucket b holds what is in (GROWTH^(b-1), GROWTH^b]; its middle is at most 2 % from either end.
const GROWTH = 1.04
const LOG_GROWTH = Math.log(GROWTH)
/** The bucket of the longest request that is told apart, about a day. */
export const MAX_BUCKET = 466

/** The bucket of a duration; the database computes the same (`latency_bucket`). */
export const bucketOf = (ms: number): number =>
  ms <= 1 ? 0 : Math.min(MAX_BUCKET, Math.ceil(Math.log(ms) / LOG_GROWTH - 1e-9))

/** The duration that stands for a bucket: no more than 2 % off for anything in it. */
const middleOf = (bucket: number) => (bucket === 0 ? 1 : (2 * GROWTH ** bucket) / (1 + GROWTH))

/** Two numbers in one: their sum stays below 2^53, so that it is exact. */
const COUNT_LIMIT = 2 ** 40

/** Counts per bucket. */
export type Sketch = Map<number, number>

/** Counts so many more in a bucket. */
export function mergeInto(sketch: Sketch, bucket: number, count: number): void {
  sketch.set(bucket, (sketch.get(bucket) ?? 0) + count)
}

/** The database's form: an array, the smallest bucket first. */
export function writeSketch(sketch: Sketch): string {
  const elements = [...sketch].toSorted(([one], [other]) => one - other)
  return `{${elements.map(([bucket, count]) => bucket * COUNT_LIMIT + count).join()}}`
}

/** Counts per bucket out of the text of the database's form; none of null. */
export function readSketch(text: string | null): Sketch {
  const elements = text?.slice(1, -1).split(',') ?? []
  return new Map(elements.map(Number).map((element) => [Math.floor(element / COUNT_LIMIT), element % COUNT_LIMIT]))
}

/** Percentiles from counts per bucket; counts of several hours are merged by adding them. Null: nothing was counted. */
export function percentilesOf(counts: ReadonlyMap<number, number>): Percentiles | null {
  const buckets = [...counts].filter(([, count]) => count > 0).toSorted(([one], [other]) => one - other)
  const total = buckets.reduce((sum, [, count]) => sum + count, 0)
  if (total === 0) return null
  const at = (share: number) => {
    let seen = 0
    for (const [bucket, count] of buckets) {
      seen += count
      if (seen >= Math.ceil(share * total)) return Math.round(middleOf(bucket))
    }
    return 0
  }
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}
