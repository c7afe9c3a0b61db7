import type { Ask } from './ask.ts'
import { answerText, chatUsage, chunkCount, chunkText, responsesUsage, trueUsage } from './usage.ts'

/** One server-sent event; `data` is written as it is. */
export type SseEvent = { readonly event?: string; readonly data: string }

const created = 1_760_000_000

export const modelIds = ['fake-gpt', 'fake-gpt-mini', 'gpt-4', 'gpt-4o', 'text-embedding-fake', 'claude-fake'] as const

export function modelList(): object {
  return { object: 'list', data: modelIds.map((id) => ({ id, object: 'model', created, owned_by: 'fake' })) }
}

function message(ask: Ask): object {
  if (ask.tool === null) return { role: 'assistant', content: answerText(ask), refusal: null, annotations: [] }
  const call = {
    id: 'call_fake0',
    type: 'function',
    function: { name: ask.tool.name, arguments: ask.tool.argumentsText },
  }
  return { role: 'assistant', content: null, refusal: null, tool_calls: [call] }
}

const finishReason = (ask: Ask): string => (ask.tool === null ? 'stop' : 'tool_calls')

export function chatCompletion(ask: Ask, id: string): object {
  const choices = Array.from({ length: ask.n }, (_, index) => ({
    index,
    message: message(ask),
    logprobs: null,
    finish_reason: finishReason(ask),
  }))
  const usage = chatUsage(ask)
  return {
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created,
    model: ask.model,
    choices,
    ...(usage === undefined ? {} : { usage }),
    service_tier: 'default',
    system_fingerprint: 'fp_fake',
  }
}

function chatDeltas(ask: Ask, index: number): object[] {
  if (ask.tool === null) return [{ content: chunkText(ask, index) }]
  if (index > 0) return []
  const { name, argumentsText } = ask.tool
  const half = Math.ceil(argumentsText.length / 2)
  const part = (text: string) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] })
  const opening = { index: 0, id: 'call_fake0', type: 'function', function: { name, arguments: '' } }
  return [{ tool_calls: [opening] }, part(argumentsText.slice(0, half)), part(argumentsText.slice(half))]
}

/** The events of a chat stream, in OpenAI's order: role, content, finish, then the usage chunk if it was asked for. */
export function* chatStream(ask: Ask, id: string): Generator<SseEvent> {
  const early = ask.directive.usage === 'early'
  const head = { id: `chatcmpl-${id}`, object: 'chat.completion.chunk', created, model: ask.model }
  const tail = { service_tier: 'default', system_fingerprint: 'fp_fake' }
  const chunk = (choices: readonly object[], usage: object | null | undefined): SseEvent => {
    const withUsage = (ask.includeUsage || early) && usage !== undefined
    return { data: JSON.stringify({ ...head, ...tail, choices, ...(withUsage ? { usage } : {}) }) }
  }
  const choice = (index: number, delta: object, finish: string | null) => [
    { index, delta, logprobs: null, finish_reason: finish },
  ]
  const running = (output: number) => (early ? (chatUsage(ask, { ...trueUsage(ask), output }) ?? null) : null)
  for (let n = 0; n < ask.n; n += 1)
    yield chunk(choice(n, { role: 'assistant', content: '', refusal: null }, null), running(0))
  for (let index = 0; index < chunkCount(ask); index += 1) {
    for (let n = 0; n < ask.n; n += 1) {
      for (const delta of chatDeltas(ask, index)) yield chunk(choice(n, delta, null), running(index + 1))
    }
  }
  for (let n = 0; n < ask.n; n += 1) yield chunk(choice(n, {}, finishReason(ask)), running(ask.directive.chunks))
  const usage = chatUsage(ask)
  if (ask.includeUsage && usage !== undefined) yield chunk([], usage)
  if (ask.includeUsage && ask.directive.usage === 'twice') yield chunk([], usage)
  if (!ask.directive.no_done) yield { data: '[DONE]' }
}

export function completion(ask: Ask, id: string): object {
  const choices = Array.from({ length: ask.n }, (_, index) => ({
    index,
    text: answerText(ask),
    logprobs: null,
    finish_reason: 'stop',
  }))
  return { id: `cmpl-${id}`, object: 'text_completion', created, model: ask.model, choices, usage: chatUsage(ask) }
}

export function* completionStream(ask: Ask, id: string): Generator<SseEvent> {
  const head = { id: `cmpl-${id}`, object: 'text_completion', created, model: ask.model }
  const chunk = (choices: readonly object[], usage: object | null | undefined): SseEvent => ({
    data: JSON.stringify({ ...head, choices, ...(ask.includeUsage && usage !== undefined ? { usage } : {}) }),
  })
  const choice = (text: string, finish: string | null) => [{ index: 0, text, logprobs: null, finish_reason: finish }]
  for (let index = 0; index < chunkCount(ask); index += 1) yield chunk(choice(chunkText(ask, index), null), null)
  yield chunk(choice('', 'stop'), null)
  const usage = chatUsage(ask)
  if (ask.includeUsage && usage !== undefined) yield chunk([], usage)
  if (!ask.directive.no_done) yield { data: '[DONE]' }
}

/** Eight numbers per input, made from its length, as floats or base64 of float32. */
export function embeddings(ask: Ask): object {
  const data = ask.inputs.map((text, index) => {
    const vector = Float32Array.from({ length: 8 }, (_, place) => Math.sin(text.length + place))
    const embedding = ask.base64 ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector)
    return { object: 'embedding', index, embedding }
  })
  const usage =
    ask.directive.usage === 'missing'
      ? {}
      : { usage: { prompt_tokens: ask.promptTokens, total_tokens: ask.promptTokens } }
  return { object: 'list', data, model: ask.model, ...usage }
}

function responseBody(ask: Ask, id: string, status: string, output: readonly object[]): object {
  const usage = status === 'completed' ? responsesUsage(ask) : null
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: created,
    status,
    error: null,
    incomplete_details: null,
    model: ask.model,
    output,
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    ...(usage === undefined ? {} : { usage }),
  }
}

const outputText = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] })

function outputMessage(ask: Ask, id: string): object {
  const content = [outputText(answerText(ask))]
  return { id: `msg_${id}`, type: 'message', status: 'completed', role: 'assistant', content }
}

export function response(ask: Ask, id: string): object {
  return responseBody(ask, id, 'completed', [outputMessage(ask, id)])
}

export function* responseStream(ask: Ask, id: string): Generator<SseEvent> {
  let sequence = 0
  const event = (type: string, rest: object): SseEvent => ({
    event: type,
    data: JSON.stringify({ type, sequence_number: sequence++, ...rest }),
  })
  const place = { item_id: `msg_${id}`, output_index: 0, content_index: 0 }
  const item = { id: `msg_${id}`, type: 'message', status: 'in_progress', role: 'assistant', content: [] }
  yield event('response.created', { response: responseBody(ask, id, 'in_progress', []) })
  yield event('response.output_item.added', { output_index: 0, item })
  yield event('response.content_part.added', { ...place, part: outputText('') })
  for (let index = 0; index < chunkCount(ask); index += 1) {
    yield event('response.output_text.delta', { ...place, delta: chunkText(ask, index), logprobs: [] })
  }
  yield event('response.output_text.done', { ...place, text: answerText(ask), logprobs: [] })
  yield event('response.content_part.done', { ...place, part: outputText(answerText(ask)) })
  yield event('response.output_item.done', { output_index: 0, item: outputMessage(ask, id) })
  yield event('response.completed', { response: response(ask, id) })
}

/** What was said in a file: the same words whatever it holds. */
export function transcription(ask: Ask): object {
  return { text: answerText(ask), usage: { type: 'tokens', ...responsesUsage(ask) } }
}

/** One picture of one pixel per wish. */
export function images(ask: Ask): object {
  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  return { created, data: Array.from({ length: ask.n }, () => ({ b64_json: pixel })), usage: responsesUsage(ask) }
}
