import { z } from 'zod'
import { InvalidInput } from '../lib/problems.ts'
import type { Rates } from './price.ts'

export type ListedPrice = Rates & { readonly modelPattern: string }

const perToken = z.number().nonnegative().max(1).nullish()

const entry = z.object({
  litellm_provider: z.string().nullish(),
  input_cost_per_token: perToken,
  output_cost_per_token: perToken,
  cache_read_input_token_cost: perToken,
})

/** Dollars per token as millionths per million tokens. Twelve places are more than any list has. */
const toMicros = (cost: number) => BigInt(Math.round(cost * 1e12))

const refuse = (message: string) => new InvalidInput([{ path: 'json', message }])

function readJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed }
  } catch {
    throw refuse('is not valid JSON.')
  }
  throw refuse('must be an object of models, as in model_prices_and_context_window.json.')
}

/** A list names a model behind its provider at times: `azure/gpt-4o`. Callers do not. */
const bareName = (name: string, vendor: string) =>
  name.startsWith(`${vendor}/`) ? name.slice(vendor.length + 1) : name

/**
 * The prices per token of one vendor in the common public list (a JSON object of models, dollars per token). Models
 * that are priced otherwise, by image or second, are left out. Throws `InvalidInput`.
 */
export function readPriceList(text: string, vendor: string): readonly ListedPrice[] {
  const prices = new Map<string, ListedPrice>()
  for (const [name, value] of Object.entries(readJson(text))) {
    const read = entry.safeParse(value)
    if (!read.success || read.data.litellm_provider !== vendor) continue
    const {
      input_cost_per_token: input,
      output_cost_per_token: output,
      cache_read_input_token_cost: cached,
    } = read.data
    const modelPattern = bareName(name, vendor)
    if (input == null || modelPattern === '' || modelPattern.length > 200 || /[*?\p{Cc}]/u.test(modelPattern)) continue
    prices.set(modelPattern, {
      modelPattern,
      inputMicros: toMicros(input),
      outputMicros: toMicros(output ?? 0),
      cachedMicros: cached == null ? null : toMicros(cached),
    })
  }
  return [...prices.values()]
}
