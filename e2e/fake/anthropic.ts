import type { Ask } from './ask.ts'
import type { SseEvent } from './openai.ts'
import { answerText, anthropicUsage, chunkCount, chunkText, trueUsage } from './usage.ts'

function envelope(
  ask: Ask,
  id: string,
  content: readonly object[],
  stop: string | null,
  usage: object | undefined,
): object {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model: ask.model,
    content,
    stop_reason: stop,
    stop_sequence: null,
    ...(usage === undefined ? {} : { usage }),
  }
}

const stopReason = (ask: Ask): string => (ask.tool === null ? 'end_turn' : 'tool_use')

export function anthropicMessage(ask: Ask, id: string): object {
  const content =
    ask.tool === null
      ? { type: 'text', text: answerText(ask) }
      : { type: 'tool_use', id: 'toolu_fake0', name: ask.tool.name, input: JSON.parse(ask.tool.argumentsText) }
  return envelope(ask, id, [content], stopReason(ask), anthropicUsage(ask))
}

const event = (type: string, rest: object = {}): SseEvent => ({ event: type, data: JSON.stringify({ type, ...rest }) })

/** The events of a message stream. The counts come twice, as in the original: at the start and in message_delta. */
export function* anthropicStream(ask: Ask, id: string): Generator<SseEvent> {
  const tool = ask.tool
  const block =
    tool === null ? { type: 'text', text: '' } : { type: 'tool_use', id: 'toolu_fake0', name: tool.name, input: {} }
  yield event('message_start', { message: envelope(ask, id, [], null, anthropicUsage(ask, 1)) })
  yield event('content_block_start', { index: 0, content_block: block })
  yield event('ping')
  if (tool === null) {
    for (let index = 0; index < chunkCount(ask); index += 1) {
      yield event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: chunkText(ask, index) } })
    }
  } else {
    yield event('content_block_delta', {
      index: 0,
      delta: { type: 'input_json_delta', partial_json: tool.argumentsText },
    })
  }
  yield event('content_block_stop', { index: 0 })
  const usage = anthropicUsage(ask, trueUsage(ask).output)
  const closing = {
    delta: { stop_reason: stopReason(ask), stop_sequence: null },
    ...(usage === undefined ? {} : { usage }),
  }
  yield event('message_delta', closing)
  if (ask.directive.usage === 'twice') yield event('message_delta', closing)
  yield event('message_stop')
}

export function anthropicCount(ask: Ask): object {
  return { input_tokens: ask.promptTokens }
}
