import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api'
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics'

/**
 * Metrics of what happens with every request. The SDK's instruments look up their attributes at each call, which
 * costs more than the rest of a request's accounting: here whoever counts keeps the series and adds to plain numbers,
 * and they become metrics when somebody scrapes.
 */
export type Tally = { read(now: HrTime): MetricData }

type Description = {
  readonly name: string
  readonly unit?: string
  readonly description: string
}

/** Epoch milliseconds as OpenTelemetry wants them. */
const toHrTime = (ms: number): HrTime => [Math.floor(ms / 1000), (ms % 1000) * 1e6]

const STARTED = toHrTime(performance.timeOrigin)

/** The present as OpenTelemetry wants it. */
export const hrTime = (): HrTime => toHrTime(performance.timeOrigin + performance.now())

const base = ({ name, unit = '', description }: Description) => ({
  descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
  aggregationTemporality: AggregationTemporality.CUMULATIVE,
})

const point = <Value>(attributes: Attributes, value: Value, endTime: HrTime) => ({
  startTime: STARTED,
  endTime,
  attributes,
  value,
})

/** A number that only grows, one per set of attributes. */
export class Count {
  value = 0
  readonly attributes: Attributes

  constructor(attributes: Attributes) {
    this.attributes = attributes
  }
}

export class Counts implements Tally {
  readonly #description: Description
  readonly #all: Count[] = []

  constructor(description: Description) {
    this.#description = description
  }

  /** A new series; ask once per set of attributes. */
  series(attributes: Attributes): Count {
    const count = new Count(attributes)
    this.#all.push(count)
    return count
  }

  read(now: HrTime): MetricData {
    const dataPoints = this.#all.map(({ attributes, value }) => point(attributes, value, now))
    return { ...base(this.#description), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
  }
}

/** How often values fell between fixed bounds, for one set of attributes. */
export class Buckets {
  readonly attributes: Attributes
  readonly counts: number[]
  sum = 0
  count = 0
  readonly #bounds: readonly number[]

  constructor(attributes: Attributes, bounds: readonly number[]) {
    this.attributes = attributes
    this.#bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  record(value: number): void {
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && value > (bounds[at] ?? 0)) at++
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sum += value
    this.count++
  }
}

export class Histograms implements Tally {
  readonly #description: Description
  readonly #bounds: readonly number[]
  readonly #all: Buckets[] = []

  constructor(description: Description, bounds: readonly number[]) {
    this.#description = description
    this.#bounds = bounds
  }

  /** A new series; ask once per set of attributes. */
  series(attributes: Attributes): Buckets {
    const buckets = new Buckets(attributes, this.#bounds)
    this.#all.push(buckets)
    return buckets
  }

  read(now: HrTime): MetricData {
    // A series that nothing was recorded in says nothing.
    const used = this.#all.filter(({ count }) => count > 0)
    const dataPoints = used.map(({ attributes, counts, sum, count }) =>
      point(attributes, { buckets: { boundaries: [...this.#bounds], counts: [...counts] }, sum, count }, now),
    )
    return { ...base(this.#description), dataPointType: DataPointType.HISTOGRAM, dataPoints }
  }
}
