import { type Directive, findDirective, readDirective } from './directive.ts'

/** What the fake provider needs to know of a request body; every member has a value, whatever was sent. */
export type Ask = {
  readonly model: string
  readonly stream: boolean
  /** `stream_options.include_usage` was true. */
  readonly includeUsage: boolean
  readonly n: number
  /** Words in all messages, the prompt or the input: the prompt tokens. */
  readonly promptTokens: number
  /** Texts of an embedding request. */
  readonly inputs: readonly string[]
  /** The tool to call: the first one offered, unless the last message already holds a tool's answer. */
  readonly tool: { readonly name: string; readonly argumentsText: string } | null
  readonly base64: boolean
  readonly directive: Directive
}

export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}

const asText = (value: unknown, otherwise = ''): string => (typeof value === 'string' ? value : otherwise)
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** All text below a message, prompt or input, parts joined by a blank. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(textOf).join(' ')
  const content = member(value, 'content') ?? member(value, 'text')
  return content === undefined ? '' : textOf(content)
}

/** One token per word: everybody can recount it. */
export function countTokens(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length
}

const sampleByType: Readonly<Record<string, unknown>> = { integer: 1, number: 1, boolean: true, array: [], object: {} }

function readTool(body: unknown, messages: readonly unknown[]): Ask['tool'] {
  const first = asList(member(body, 'tools'))[0]
  const last = messages.at(-1)
  const answered =
    member(last, 'role') === 'tool' || member(asList(member(last, 'content'))[0], 'type') === 'tool_result'
  if (first === undefined || answered || member(body, 'tool_choice') === 'none') return null
  const described = member(first, 'function') ?? first
  const schema = member(described, 'parameters') ?? member(described, 'input_schema')
  const properties = member(schema, 'properties')
  const filled: Record<string, unknown> = {}
  for (const name of Object.keys(typeof properties === 'object' && properties !== null ? properties : {})) {
    filled[name] = sampleByType[asText(member(member(properties, name), 'type'))] ?? 'Paris'
  }
  return { name: asText(member(described, 'name'), 'tool'), argumentsText: JSON.stringify(filled) }
}

/** Reads a parsed body of any of the wire formats. Throws UnknownDirective when it carries a misspelt directive. */
export function readAsk(body: unknown): Ask {
  const messages = asList(member(body, 'messages'))
  const input = member(body, 'input') ?? member(body, 'prompt') ?? ''
  const prompt = messages.length > 0 ? [member(body, 'system') ?? '', ...messages] : input
  const lastText = textOf(messages.length > 0 ? messages.at(-1) : input)
  const wished = member(body, 'n')
  return {
    model: asText(member(body, 'model'), 'fake-model'),
    stream: member(body, 'stream') === true,
    includeUsage: member(member(body, 'stream_options'), 'include_usage') === true,
    n: typeof wished === 'number' && Number.isInteger(wished) && wished > 0 && wished <= 128 ? wished : 1,
    promptTokens: countTokens(textOf(prompt)),
    inputs: Array.isArray(input) ? input.map(textOf) : [textOf(input)],
    tool: readTool(body, messages),
    base64: member(body, 'encoding_format') === 'base64',
    directive: readDirective(asText(member(member(body, 'metadata'), 'fake')) || findDirective(lastText)),
  }
}
