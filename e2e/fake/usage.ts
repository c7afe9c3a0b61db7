import type { Ask } from './ask.ts'

export type Usage = { readonly input: number; readonly output: number; readonly cached: number }

/** The true count: one token per word in, one per chunk and choice out. */
export function trueUsage(ask: Ask): Usage {
  return { input: ask.promptTokens, output: ask.directive.chunks * ask.n, cached: ask.directive.cached }
}

function distort(kind: string, value: number): number | string {
  if (kind === 'negative') return -value - 1
  if (kind === 'huge') return 1e18
  if (kind === 'text') return 'many'
  return value
}

/** The `usage` member in OpenAI's chat form, distorted as the directive says; undefined when it says `missing`. */
export function chatUsage(ask: Ask, usage: Usage = trueUsage(ask)): object | undefined {
  const kind = ask.directive.usage
  if (kind === 'missing') return undefined
  return {
    prompt_tokens: distort(kind, usage.input),
    completion_tokens: distort(kind, usage.output),
    total_tokens: distort(kind, usage.input + usage.output),
    prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  }
}

/** The `usage` member in the form of OpenAI's responses. */
export function responsesUsage(ask: Ask): object | undefined {
  const kind = ask.directive.usage
  const usage = trueUsage(ask)
  if (kind === 'missing') return undefined
  return {
    input_tokens: distort(kind, usage.input),
    input_tokens_details: { cached_tokens: usage.cached },
    output_tokens: distort(kind, usage.output),
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: distort(kind, usage.input + usage.output),
  }
}

/** The `usage` member in Anthropic's form, where cached tokens are counted beside the input, not inside it. */
export function anthropicUsage(ask: Ask, output = trueUsage(ask).output): object | undefined {
  const kind = ask.directive.usage
  if (kind === 'missing') return undefined
  return {
    input_tokens: distort(kind, ask.promptTokens),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: ask.directive.cached,
    output_tokens: distort(kind, output),
  }
}

/** The text of chunk number `index`: `word0 `, padded to the size the directive asks for. */
export function chunkText(ask: Ask, index: number): string {
  const word = `word${index}`
  return `${ask.directive.size > word.length + 1 ? word.padEnd(ask.directive.size - 1, '.') : word} `
}

export function answerText(ask: Ask): string {
  return Array.from({ length: ask.directive.chunks }, (_, index) => chunkText(ask, index)).join('')
}

/** How many content chunks the stream has; endless ones have more than anybody reads. */
export function chunkCount(ask: Ask): number {
  return ask.directive.endless ? Number.MAX_SAFE_INTEGER : ask.directive.chunks
}
