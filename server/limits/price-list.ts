import { z } from 'zod'
import { InvalidInput } from '../lib/problems.ts'
import type { Rates } from './price.ts'

export type ListedPrice = Rates & { readonly modelPattern: string }

/** Why a row of a list brings no price. */
export type LeftOutReason = 'OTHER_VENDOR' | 'NOT_PER_TOKEN' | 'UNREADABLE' | 'NO_MODEL_NAME' | 'SAME_MODEL'

export type PriceList = {
  readonly listed: readonly ListedPrice[]
  /** How many rows, by reason. */
  readonly leftOut: ReadonlyMap<LeftOutReason, number>
}

const vendored = z.object({ litellm_provider: z.string() })

const perToken = z.number().nonnegative().max(1).nullish()

const entry = z.object({
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

function readRow(name: string, value: unknown, vendor: string): ListedPrice | LeftOutReason {
  const { data: of } = vendored.safeParse(value)
  if (of?.litellm_provider !== vendor) return 'OTHER_VENDOR'
  const { data: row } = entry.safeParse(value)
  if (!row) return 'UNREADABLE'
  if (row.input_cost_per_token == null) return 'NOT_PER_TOKEN'
  const modelPattern = bareName(name, vendor)
  if (modelPattern === '' || modelPattern.length > 200 || /[*?\p{Cc}]/u.test(modelPattern)) return 'NO_MODEL_NAME'
  const cached = row.cache_read_input_token_cost
  return {
    modelPattern,
    inputMicros: toMicros(row.input_cost_per_token),
    outputMicros: toMicros(row.output_cost_per_token ?? 0),
    cachedMicros: cached == null ? null : toMicros(cached),
  }
}

/**
 * The prices per token of one vendor in the common public list (a JSON object of models, dollars per token), and what of
 * it brings none. Of two rows for one model the later counts. Throws `InvalidInput`.
 */
export function readPriceList(text: string, vendor: string): PriceList {
  const prices = new Map<string, ListedPrice>()
  const leftOut = new Map<LeftOutReason, number>()
  const leave = (reason: LeftOutReason) => leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
  for (const [name, value] of Object.entries(readJson(text))) {
    const row = readRow(name, value, vendor)
    if (typeof row === 'string') {
      leave(row)
      continue
    }
    if (prices.has(row.modelPattern)) leave('SAME_MODEL')
    prices.set(row.modelPattern, row)
  }
  return { listed: [...prices.values()], leftOut }
}
