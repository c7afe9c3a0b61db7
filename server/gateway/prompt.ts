import type { Ask } from './ask.ts'
import type { Endpoint } from './route.ts'
import { parse } from './tokens.ts'

/** A larger body is not read for its words: its bytes are enough of an estimate. */
const READ_BYTES = 256 * 1024
/** Of English, about. */
export const BYTES_PER_TOKEN = 4
const MAX_OUTPUT = 1_000_000_000
const MAX_DEPTH = 8

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Members of a message that hold words; the others hold pictures, ids and types. */
const WORDY = [
  'content',
  'text',
  'input',
  'arguments',
  'output',
  'tool_calls',
  'function',
  'choices',
  'message',
] as const

/** Bytes of the words of a prompt or an answer in any wire format; numbers of a tokenised one count as a token each. */
export function countBytes(value: unknown, depth = 0): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (typeof value === 'number') return BYTES_PER_TOKEN
  if (depth > MAX_DEPTH) return 0
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + countBytes(one, depth + 1), 0)
  return isRecord(value) ? WORDY.reduce((sum, name) => sum + countBytes(value[name], depth + 1), 0) : 0
}

const bounded = (tokens: unknown) =>
  typeof tokens === 'number' && tokens > 0 ? Math.min(MAX_OUTPUT, Math.ceil(tokens)) : null

/** The most tokens a request can take, as far as it says; `output` null: it names no maximum. */
export type Estimate = { readonly input: number; readonly output: number | null }

/** Estimates before a provider has counted: a token is about four bytes of English. */
function estimateTokens({ body, fieldBytes, maxTokens, choices }: Ask, hasAnswer: boolean): Estimate {
  const parsed = fieldBytes === null && body.length <= READ_BYTES ? parse(body.toString('utf8')) : null
  const read = isRecord(parsed) ? parsed : null
  const bytes = read
    ? [read['messages'], read['system'], read['instructions'], read['input'], read['prompt']].reduce(
        (sum: number, part) => sum + countBytes(part),
        0,
      )
    : (fieldBytes ?? body.length)
  const output = bounded(maxTokens) ?? bounded(read?.['max_output_tokens'])
  const times = Math.max(1, bounded(choices) ?? 1)
  return {
    input: Math.ceil(bytes / BYTES_PER_TOKEN),
    output: hasAnswer ? output && Math.min(MAX_OUTPUT, output * times) : 0,
  }
}

const WITHOUT_ANSWER: ReadonlySet<Endpoint> = new Set(['embeddings', 'messages/count_tokens'])

/** What a request asks of a model, estimated when somebody needs it, and then once. */
export class Prompt {
  readonly #ask: Ask
  readonly #endpoint: Endpoint
  #estimate: Estimate | null

  /** `known` where there is nothing to estimate. */
  constructor(ask: Ask, endpoint: Endpoint, known: Estimate | null = null) {
    this.#ask = ask
    this.#endpoint = endpoint
    this.#estimate = known
  }

  /** The estimate, if somebody needed it before. */
  get known(): Estimate | null {
    return this.#estimate
  }

  estimate(): Estimate {
    this.#estimate ??= estimateTokens(this.#ask, !WITHOUT_ANSWER.has(this.#endpoint))
    return this.#estimate
  }
}
