import { scanObject } from './scan.ts'
import { fullBudget, ScanFailure, skipValue, withWords } from './scan-values.ts'

/** Tokens as a provider counted them; null where it did not say. */
export type Tokens = { readonly input: number | null; readonly output: number | null; readonly cached: number | null }

export const NO_TOKENS: Tokens = { input: null, output: null, cached: null }

const MAX_TOKENS = 2_147_483_647
const MAX_MODEL = 256

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A count that can be true; null for a text, a fraction, a negative or an absurd number. */
const count = (value: unknown): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_TOKENS ? value : null

const detail = (usage: Readonly<Record<string, unknown>>, name: string) => {
  const details = usage[name]
  return isRecord(details) ? count(details['cached_tokens']) : null
}

/** Reads a `usage` object of any wire format; null when it says nothing that can be counted. */
export function readTokens(usage: unknown): Tokens | null {
  if (!isRecord(usage)) return null
  const cacheRead = count(usage['cache_read_input_tokens'])
  const plain = count(usage['prompt_tokens']) ?? count(usage['input_tokens'])
  // Anthropic counts what it read from or wrote to its cache beside the input, the others within it.
  const beside = (cacheRead ?? 0) + (count(usage['cache_creation_input_tokens']) ?? 0)
  const tokens = {
    input: plain === null ? null : count(plain + beside),
    output: count(usage['completion_tokens']) ?? count(usage['output_tokens']),
    cached: cacheRead ?? detail(usage, 'prompt_tokens_details') ?? detail(usage, 'input_tokens_details'),
  }
  // An embedding has a prompt and no answer.
  if (tokens.output === null && tokens.input !== null && usage['total_tokens'] === tokens.input) {
    return { ...tokens, output: 0 }
  }
  return tokens.input === null && tokens.output === null ? null : tokens
}

/** What a later statement says replaces the earlier one, number by number. */
export const laterTokens = (before: Tokens, after: Tokens): Tokens => ({
  input: after.input ?? before.input,
  output: after.output ?? before.output,
  cached: after.cached ?? before.cached,
})

/** A model name from an answer, fit to be stored; null for anything else. */
export function readModelName(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return null
  return (
    value
      .replace(/\p{Cc}/gu, '')
      .toWellFormed()
      .slice(0, MAX_MODEL) || null
  )
}

/** Where usage and model stand in a parsed answer or event of any wire format. */
export function readStatement(parsed: unknown): Statement {
  if (!isRecord(parsed)) return { tokens: null, model: null }
  // Anthropic's first event wraps a message, the last one of `/responses` a response.
  const inner = isRecord(parsed['message'])
    ? parsed['message']
    : isRecord(parsed['response'])
      ? parsed['response']
      : null
  return {
    tokens: readTokens(parsed['usage']) ?? readTokens(inner?.['usage']),
    model: readModelName(parsed['model']) ?? readModelName(inner?.['model']),
  }
}

/** True for the event that a provider adds only because usage was asked for: usage, and no part of the answer. */
export function isExtraEvent(parsed: unknown): boolean {
  if (!isRecord(parsed) || !isRecord(parsed['usage'])) return false
  const choices = parsed['choices']
  return Array.isArray(choices) && choices.length === 0
}

/** True for an event in which the provider says that it failed: an error in words or as an object, or of `/responses`. */
export function isErrorEvent(parsed: unknown): boolean {
  if (!isRecord(parsed)) return false
  const { error, type } = parsed
  return (
    isRecord(error) || (typeof error === 'string' && error !== '') || type === 'error' || type === 'response.failed'
  )
}

const WHOLE_PARSE_BYTES = 32 * 1024
/** As much of each end of a large answer as is looked at. */
export const END_BYTES = 16 * 1024

/** The end of what has come, after `more` came behind `end`. */
export const laterEnd = (end: Buffer, more: Buffer): Buffer =>
  more.length >= END_BYTES ? more.subarray(-END_BYTES) : Buffer.concat([end, more]).subarray(-END_BYTES)

/** What an answer or an event says. */
export type Statement = { readonly tokens: Tokens | null; readonly model: string | null }

/** Usage and model of a whole JSON answer. */
export const readAnswer = (body: Buffer): Statement =>
  body.length <= WHOLE_PARSE_BYTES ? readStatement(parse(body.toString('utf8'))) : readMembers(body)

/** The same without making objects of all the rest. */
function readMembers(body: Buffer): Statement {
  try {
    const { members } = scanObject(body, (name) => (name === 'usage' || name === 'model' ? name : null))
    return readStatement(
      Object.fromEntries(members.map(({ name, start, end }) => [name, parse(body.toString('utf8', start, end))])),
    )
  } catch (error) {
    if (error instanceof ScanFailure) return { tokens: null, model: null }
    throw error
  }
}

/**
 * The same from the two ends of an answer that is too large to be kept (pictures). Inside a string a quote is escaped,
 * so `"usage"` and `"model"` can only be a member's name or a whole string.
 */
export function readEnds(head: Buffer, tail: Buffer): Statement {
  const model = (MODEL.exec(tail.toString('utf8')) ?? MODEL.exec(head.toString('utf8')))?.[1]
  return { tokens: usageIn(tail) ?? usageIn(head), model: readModelName(model) }
}

const USAGE = /"usage"\s*:\s*(?=\{)/g
const MODEL = /"model"\s*:\s*"([^"\\]{1,256})"/

function usageIn(bytes: Buffer): Tokens | null {
  // One character for each byte: where it stands in the text is where it stands in the bytes.
  for (const { index, 0: name } of bytes.toString('latin1').matchAll(USAGE)) {
    const start = index + name.length
    const tokens = readTokens(parse(bytes.toString('utf8', start, endOfValue(bytes, start))))
    if (tokens !== null) return tokens
  }
  return null
}

/** The end of the bytes for a value that is cut off. */
function endOfValue(bytes: Buffer, start: number): number {
  try {
    return withWords(bytes, () => skipValue(bytes, start, fullBudget()))
  } catch (error) {
    if (error instanceof ScanFailure) return bytes.length
    throw error
  }
}

/** The parsed text; undefined when it is no JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
