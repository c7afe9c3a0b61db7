import type { Charge } from '../limits/charge.ts'
import type { Batch, Facts } from './batch.ts'
import { bucketOf, mergeInto, type Sketch } from './latency.ts'

/**
 * A quarter of an hour of UTC. Clocks everywhere differ from UTC by quarters, so all of it is in one hour and in one
 * calendar day of any time zone.
 */
const SLOT_MS = 15 * 60_000

/** What requests add up to. */
export class Tally {
  /** Those of the first one. */
  readonly facts: Facts
  requests = 0
  /** Those of them with an error code. */
  errors = 0
  inputTokens = 0
  outputTokens = 0
  cachedTokens = 0
  costMicros = 0
  /** Those that used tokens without a known price. */
  unpriced = 0
  latencyMs = 0
  /** When the last of them began (epoch ms). */
  lastAt = 0
  /** Of those that reached a provider. */
  readonly latencies: Sketch = new Map()
  readonly firstTokens: Sketch = new Map()

  constructor(facts: Facts) {
    this.facts = facts
  }

  add({ numbers }: Batch, at: number): void {
    const latencyMs = numbers.latencyMs[at] ?? 0
    const firstTokenMs = numbers.firstTokenMs[at] ?? Number.NaN
    const { end, code } = this.facts
    this.requests++
    if (code) this.errors++
    // Not a number, and so not counted, where the provider did not say.
    this.inputTokens += numbers.inputTokens[at] || 0
    this.outputTokens += numbers.outputTokens[at] || 0
    this.cachedTokens += numbers.cachedTokens[at] || 0
    this.costMicros += numbers.costMicros[at] || 0
    if (isUnpriced(numbers, at)) this.unpriced++
    this.latencyMs += latencyMs
    this.lastAt = Math.max(this.lastAt, numbers.startedAt[at] ?? 0)
    if (end !== 'REFUSED' && end !== 'INTERRUPTED') mergeInto(this.latencies, bucketOf(latencyMs), 1)
    if (!Number.isNaN(firstTokenMs)) mergeInto(this.firstTokens, bucketOf(firstTokenMs), 1)
  }

  merge(other: Tally): void {
    this.requests += other.requests
    this.errors += other.errors
    this.inputTokens += other.inputTokens
    this.outputTokens += other.outputTokens
    this.cachedTokens += other.cachedTokens
    this.costMicros += other.costMicros
    this.unpriced += other.unpriced
    this.latencyMs += other.latencyMs
    this.lastAt = Math.max(this.lastAt, other.lastAt)
    for (const [bucket, count] of other.latencies) mergeInto(this.latencies, bucket, count)
    for (const [bucket, count] of other.firstTokens) mergeInto(this.firstTokens, bucket, count)
  }
}

/** True when tokens were used, by the provider's word or by estimate, and nobody knew what they cost. */
const isUnpriced = ({ costMicros, inputTokens, outputTokens }: Batch['numbers'], at: number) =>
  Number.isNaN(costMicros[at]) && !(Number.isNaN(inputTokens[at]) && Number.isNaN(outputTokens[at]))

/** What a batch adds up to, as far as it began in the same quarter of an hour. */
export type Slot = {
  /** When that quarter began (epoch ms). */
  readonly startsAt: number
  readonly tallies: readonly Tally[]
  /** What it used of limits, one per window and node. */
  readonly charges: readonly Charge[]
}

/** The sums of a batch, the oldest first; only of the entries that count. */
export function sumUp(batch: Batch, counts: (at: number) => boolean): readonly Slot[] {
  const slots = new Map<number, { readonly tallies: (Tally | undefined)[]; readonly charges: Map<string, Charge> }>()
  for (let at = 0; at < batch.length; at++) {
    if (!counts(at)) continue
    const startsAt = Math.floor((batch.numbers.startedAt[at] ?? 0) / SLOT_MS) * SLOT_MS
    const slot = slots.get(startsAt) ?? { tallies: [], charges: new Map<string, Charge>() }
    slots.set(startsAt, slot)
    const index = batch.factsAt[at] ?? -1
    const facts = batch.facts[index]
    if (!facts) continue
    const tally = slot.tallies[index] ?? new Tally(facts)
    slot.tallies[index] = tally
    tally.add(batch, at)
    for (const charge of batch.charges.get(at) ?? []) addCharge(slot.charges, charge)
  }
  return [...slots]
    .toSorted(([one], [other]) => one - other)
    .map(([startsAt, { tallies, charges }]) => ({
      startsAt,
      tallies: tallies.filter((tally) => tally !== undefined),
      charges: [...charges.values()].filter(({ amount }) => amount > 0),
    }))
}

function addCharge(charges: Map<string, Charge>, charge: Charge): void {
  const key = `${charge.limitId} ${charge.at} ${charge.node}`
  charges.set(key, { ...charge, amount: (charges.get(key)?.amount ?? 0) + charge.amount })
}

/** Tallies with the same key as one. */
export function foldBy(
  tallies: readonly Tally[],
  keyOf: (facts: Facts) => string,
): readonly (readonly [string, Tally])[] {
  const folded = new Map<string, Tally>()
  for (const tally of tallies) {
    const key = keyOf(tally.facts)
    const sum = folded.get(key) ?? new Tally(tally.facts)
    sum.merge(tally)
    folded.set(key, sum)
  }
  return [...folded]
}
