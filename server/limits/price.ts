import { z } from 'zod'
import { Problem } from '../lib/problems.ts'
import { name as text } from '../lib/text.ts'

/** What tokens cost, in millionths of the currency per million tokens. */
export type Rates = {
  readonly inputMicros: bigint
  readonly outputMicros: bigint
  /** For input tokens from the provider's cache; null: as other input. */
  readonly cachedMicros: bigint | null
}

export type Price = Rates & {
  readonly id: string
  readonly providerId: string
  readonly modelPattern: string
  readonly effectiveFrom: Date
  readonly currency: string
}

/** Tokens as a provider counted them; cached ones are part of the input. Null: it did not say. */
export type Tokens = { readonly input: number | null; readonly output: number | null; readonly cached: number | null }

const PER = 1_000_000n

/** What these tokens cost, in millionths of the currency, rounded half up once. Null: nothing was counted. */
export function costOf(rates: Rates, { input, output, cached }: Tokens): number | null {
  if (input === null && output === null) return null
  const fromCache = Math.min(cached ?? 0, input ?? 0)
  const sum =
    BigInt((input ?? 0) - fromCache) * rates.inputMicros +
    BigInt(fromCache) * (rates.cachedMicros ?? rates.inputMicros) +
    BigInt(output ?? 0) * rates.outputMicros
  return Number((sum + PER / 2n) / PER)
}

/** The most that so many tokens can cost. */
export function worstCost({ inputMicros, cachedMicros, outputMicros }: Rates, input: number, output: number): number {
  const dearest = cachedMicros !== null && cachedMicros > inputMicros ? cachedMicros : inputMicros
  const sum = BigInt(input) * dearest + BigInt(output) * outputMicros
  return Number((sum + PER - 1n) / PER)
}

const micros = z.bigint().min(0n, 'must be 0 or more.').max(1_000_000_000_000_000n, 'must be 1000000000000000 or less.')
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters, as in USD.')

const values = {
  modelPattern: text({ min: 1, max: 200 }),
  effectiveFrom: z.date().nullish(),
  inputMicros: micros,
  outputMicros: micros,
  cachedMicros: micros.nullish(),
}

export const newPriceSchema = z.object({ providerId: z.string(), ...values, currency: currency.nullish() })

/** What is left out stays as it is; null takes the price for cached tokens away. */
export const priceEditSchema = z.object({
  modelPattern: values.modelPattern.optional(),
  effectiveFrom: z.date().optional(),
  inputMicros: micros.optional(),
  outputMicros: micros.optional(),
  cachedMicros: micros.nullish(),
})

export class PriceTaken extends Problem {
  constructor() {
    super('There is a price for this model pattern of this provider from the same instant on.')
  }
}
