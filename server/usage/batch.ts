import type { Charge } from '../limits/charge.ts'
import type { Segment } from './segment.ts'
import type { UsageEntry } from './usage-entry.ts'

/** What many requests have in common. */
export type Facts = Readonly<
  Pick<
    UsageEntry,
    | 'keyId'
    | 'secretId'
    | 'ownerId'
    | 'providerId'
    | 'endpoint'
    | 'modelAsked'
    | 'modelAnswered'
    | 'status'
    | 'code'
    | 'end'
    | 'streamed'
    | 'refusedByType'
    | 'refusedById'
  > & { tokensEstimated: boolean; answeredById: string | null; attempts: number }
>

/** What is another number for each of them. NaN stands for null, so that a column holds numbers and nothing else. */
export type NumberName =
  | 'startedAt'
  | 'inputTokens'
  | 'outputTokens'
  | 'cachedTokens'
  | 'savedTokens'
  | 'costMicros'
  | 'latencyMs'
  | 'firstTokenMs'
  | 'overheadUs'
  | 'requestBytes'
  | 'responseBytes'

/**
 * Ended requests on their way to the database, column by column. Kept as objects they would outlive the young
 * generation in their thousands, and collecting them would cost more than serving the requests.
 */
export class Batch {
  readonly ids: string[] = []
  readonly facts: Facts[] = []
  /** For each entry which of the facts are its own. */
  readonly factsAt: number[] = []
  readonly numbers: Readonly<Record<NumberName, number[]>> = {
    startedAt: [],
    inputTokens: [],
    outputTokens: [],
    cachedTokens: [],
    savedTokens: [],
    costMicros: [],
    latencyMs: [],
    firstTokenMs: [],
    overheadUs: [],
    requestBytes: [],
    responseBytes: [],
  }
  /** What entries used of limits, by the number of the entry. */
  readonly charges = new Map<number, readonly Charge[]>()
  /** How many of its entries each segment has, and how many intents that wait for the database itself. */
  readonly segments = new Map<Segment, number>()
  readonly intents = new Map<Segment, number>()
  readonly #found = new Map<string, number[]>()

  static of(entries: readonly UsageEntry[]): Batch {
    const batch = new Batch()
    for (const entry of entries) batch.add(entry)
    return batch
  }

  get length(): number {
    return this.ids.length
  }

  add(entry: UsageEntry): void {
    const { numbers, charges } = this
    if (entry.charges && entry.charges.length > 0) charges.set(this.ids.length, entry.charges)
    this.ids.push(entry.id)
    this.factsAt.push(this.#findFacts(entry))
    numbers.startedAt.push(entry.startedAt)
    numbers.inputTokens.push(entry.inputTokens ?? Number.NaN)
    numbers.outputTokens.push(entry.outputTokens ?? Number.NaN)
    numbers.cachedTokens.push(entry.cachedTokens ?? Number.NaN)
    numbers.savedTokens.push(entry.savedTokens ?? Number.NaN)
    numbers.costMicros.push(entry.costMicros ?? Number.NaN)
    numbers.latencyMs.push(entry.latencyMs)
    numbers.firstTokenMs.push(entry.firstTokenMs ?? Number.NaN)
    numbers.overheadUs.push(entry.overheadUs)
    numbers.requestBytes.push(entry.requestBytes)
    numbers.responseBytes.push(entry.responseBytes)
  }

  /** The entries from one number to before another, as they were added. */
  slice(from: number, to: number): Batch {
    return Batch.of(Array.from({ length: to - from }, (_, at) => this.entry(from + at)))
  }

  entry(at: number): UsageEntry {
    const { numbers, charges } = this
    const facts = this.facts[this.factsAt[at] ?? -1]
    const id = this.ids[at]
    if (id === undefined || facts === undefined) throw new RangeError(`there is no entry ${at}`)
    const number = (name: NumberName) => numbers[name][at] ?? 0
    const orNull = (name: NumberName) => (Number.isNaN(number(name)) ? null : number(name))
    return {
      id,
      ...facts,
      startedAt: number('startedAt'),
      inputTokens: orNull('inputTokens'),
      outputTokens: orNull('outputTokens'),
      cachedTokens: orNull('cachedTokens'),
      savedTokens: orNull('savedTokens'),
      costMicros: orNull('costMicros'),
      latencyMs: number('latencyMs'),
      firstTokenMs: orNull('firstTokenMs'),
      overheadUs: number('overheadUs'),
      requestBytes: number('requestBytes'),
      responseBytes: number('responseBytes'),
      charges: charges.get(at) ?? [],
    }
  }

  #findFacts(entry: UsageEntry): number {
    // Most likely it is like the one before it.
    const last = this.factsAt.at(-1)
    if (last !== undefined && isOf(entry, this.facts[last])) return last
    const key = `${entry.secretId} ${entry.modelAsked}`
    const candidates = this.#found.get(key)
    if (candidates) for (const at of candidates) if (isOf(entry, this.facts[at])) return at
    const at = this.facts.push(factsOf(entry)) - 1
    if (candidates) candidates.push(at)
    else this.#found.set(key, [at])
    return at
  }
}

// A journal of an earlier version says nothing of refusals or estimates.
const factsOf = (entry: UsageEntry): Facts => ({
  keyId: entry.keyId,
  secretId: entry.secretId,
  ownerId: entry.ownerId,
  providerId: entry.providerId,
  endpoint: entry.endpoint,
  modelAsked: entry.modelAsked,
  modelAnswered: entry.modelAnswered,
  status: entry.status,
  code: entry.code,
  end: entry.end,
  streamed: entry.streamed,
  tokensEstimated: entry.tokensEstimated ?? false,
  refusedByType: entry.refusedByType ?? null,
  refusedById: entry.refusedById ?? null,
  answeredById: entry.answeredById ?? null,
  attempts: attemptsOf(entry),
})

const attemptsOf = ({ attempts, end }: UsageEntry) => attempts ?? (end === 'REFUSED' ? 0 : 1)

const isOf = (entry: UsageEntry, facts: Facts | undefined) =>
  facts !== undefined &&
  facts.status === entry.status &&
  facts.secretId === entry.secretId &&
  facts.modelAsked === entry.modelAsked &&
  facts.modelAnswered === entry.modelAnswered &&
  facts.endpoint === entry.endpoint &&
  facts.code === entry.code &&
  facts.end === entry.end &&
  facts.streamed === entry.streamed &&
  facts.tokensEstimated === (entry.tokensEstimated ?? false) &&
  facts.keyId === entry.keyId &&
  facts.ownerId === entry.ownerId &&
  facts.providerId === entry.providerId &&
  facts.refusedByType === (entry.refusedByType ?? null) &&
  facts.refusedById === (entry.refusedById ?? null) &&
  facts.answeredById === (entry.answeredById ?? null) &&
  facts.attempts === attemptsOf(entry)
