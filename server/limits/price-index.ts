import { LRUCache } from 'lru-cache'
import { compileModels } from '../providers/model.ts'
import type { Price } from './price.ts'

const MODELS_KEPT = 10_000

const isGlob = (pattern: string) => /[*?]/.test(pattern)

/** A name before a glob, a longer glob before a shorter one, a later price before an earlier one. */
const byRank = (one: Price, other: Price) =>
  Number(isGlob(one.modelPattern)) - Number(isGlob(other.modelPattern)) ||
  other.modelPattern.length - one.modelPattern.length ||
  other.effectiveFrom.getTime() - one.effectiveFrom.getTime()

/** Every price, found by provider and model. */
export class PriceIndex {
  readonly #byProvider = new Map<string, Price[]>()
  readonly #found = new LRUCache<string, readonly Price[]>({ max: MODELS_KEPT })

  constructor(prices: readonly Price[]) {
    for (const price of prices.toSorted(byRank)) {
      this.#byProvider.set(price.providerId, [...(this.#byProvider.get(price.providerId) ?? []), price])
    }
  }

  /** The price in force at an instant (epoch ms); null: it is not known. */
  find(providerId: string, model: string, at: number): Price | null {
    const ofProvider = this.#byProvider.get(providerId)
    if (!ofProvider) return null
    const key = `${providerId} ${model}`
    let prices = this.#found.get(key)
    if (!prices) {
      prices = ofProvider.filter(({ modelPattern }) => compileModels([modelPattern])(model))
      this.#found.set(key, prices)
    }
    return prices.find(({ effectiveFrom }) => effectiveFrom.getTime() <= at) ?? null
  }
}
