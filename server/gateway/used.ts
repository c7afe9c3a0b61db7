import type { Answer } from './answer.ts'
import type { Plan } from './plan.ts'
import { NO_TOKENS, type Tokens } from './tokens.ts'

/** What a request used. Null: nothing. `estimated` when the provider did not say, or not all of it. */
export type Used = { readonly tokens: Tokens | null; readonly estimated: boolean }

const NOTHING: Used = { tokens: null, estimated: false }

/**
 * What a request that was sent to its provider used: the provider's word, and where there is none, the estimate of the
 * prompt and the count of what was generated. An answer that is an error used nothing unless it says otherwise.
 */
export function usedBy({ route: { endpoint }, prompt }: Plan, answer: Answer | null): Used {
  const said = answer?.tokens ?? NO_TOKENS
  const generated = answer?.generated ?? 0
  const output = said.output ?? (endpoint === 'embeddings' ? 0 : null)
  if (said.input !== null && output !== null && generated === 0)
    return { tokens: { ...said, output }, estimated: false }
  // Counting tokens costs none, whatever the provider says of it.
  if (endpoint === 'messages/count_tokens') return NOTHING
  if (answer && generated === 0 && (answer.status >= 400 || answer.providerFailed)) {
    return said.input === null && said.output === null ? NOTHING : { tokens: said, estimated: false }
  }
  const tokens = {
    input: said.input ?? prompt.estimate().input,
    output: (output ?? 0) + generated,
    cached: said.cached,
  }
  return { tokens, estimated: true }
}
