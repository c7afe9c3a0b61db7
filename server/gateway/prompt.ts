import { MAX_TOKENS } from '../limits/leases.ts'
import type { Ask } from './ask.ts'
import type { Endpoint } from './route.ts'
import { parse } from './tokens.ts'

/** A larger body is not read for its words: its bytes are enough of an estimate. */
const READ_BYTES = 256 * 1024
/** Of English, about. */
export const BYTES_PER_TOKEN = 4
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

/** What stands beside the messages and is read by the model all the same, names and all. */
const DEFINITIONS = ['tools', 'functions', 'response_format'] as const

const bounded = (tokens: number | null) =>
  tokens !== null && tokens > 0 ? Math.min(MAX_TOKENS, Math.ceil(tokens)) : null

/** The most tokens a request can take, as far as it says. */
export type Estimate = {
  readonly input: number
  /** Of each answer; null: it names no maximum. */
  readonly output: number | null
  readonly answers: number
}

function countPrompt(body: Readonly<Record<string, unknown>>): number {
  const words = [body['messages'], body['system'], body['instructions'], body['input'], body['prompt']]
  const definitions = DEFINITIONS.flatMap((name) => (body[name] == null ? [] : [JSON.stringify(body[name])]))
  return [...words, ...definitions].reduce((sum: number, part) => sum + countBytes(part), 0)
}

/** Estimates before a provider has counted: a token is about four bytes of English. */
function estimateTokens({ body, fieldBytes, maxTokens, choices, prompts }: Ask, hasAnswer: boolean): Estimate {
  const parsed = fieldBytes === null && body.length <= READ_BYTES ? parse(body.toString('utf8')) : null
  const bytes = isRecord(parsed) ? countPrompt(parsed) : (fieldBytes ?? body.length)
  return {
    input: Math.ceil(bytes / BYTES_PER_TOKEN),
    output: hasAnswer ? bounded(maxTokens) : 0,
    answers: (bounded(choices) ?? 1) * prompts,
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
