import { anthropicCount, anthropicMessage, anthropicStream } from './anthropic.ts'
import type { Ask } from './ask.ts'
import {
  chatCompletion,
  chatStream,
  completion,
  completionStream,
  embeddings,
  images,
  response,
  responseStream,
  type SseEvent,
  transcription,
} from './openai.ts'

/** How one endpoint answers: as JSON, and, where the wire format knows it, as a stream. */
export type Endpoint = {
  readonly json: (ask: Ask, id: string) => object
  readonly stream?: (ask: Ask, id: string) => Iterable<SseEvent>
}

/** By path without the leading `/v1`. */
export const endpoints: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/chat/completions', { json: chatCompletion, stream: chatStream }],
  ['/completions', { json: completion, stream: completionStream }],
  ['/embeddings', { json: embeddings }],
  ['/responses', { json: response, stream: responseStream }],
  ['/audio/transcriptions', { json: transcription }],
  ['/images/generations', { json: images }],
  ['/images/edits', { json: images }],
  ['/messages', { json: anthropicMessage, stream: anthropicStream }],
  ['/messages/count_tokens', { json: anthropicCount }],
])

const types: Readonly<Record<number, readonly [type: string, code: string | null, message: string]>> = {
  400: ['invalid_request_error', null, 'The request was not understood.'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided: sk-fake***********wxyz.'],
  403: ['invalid_request_error', 'unsupported_country_region_territory', 'Country, region, or territory not supported'],
  404: ['invalid_request_error', 'model_not_found', 'The model does not exist or you do not have access to it.'],
  429: ['requests', 'rate_limit_exceeded', 'Rate limit reached for fake-gpt in organization org-fake.'],
}

/** The error body of a provider in its own wire format. */
export function errorBody(path: string, status: number, message?: string): object {
  const [type, code, text] = types[status] ?? ['server_error', null, 'The server had an error processing your request.']
  if (path.startsWith('/messages')) {
    const name = status === 429 ? 'rate_limit_error' : status === 401 ? 'authentication_error' : 'api_error'
    return { type: 'error', error: { type: name, message: message ?? text } }
  }
  return { error: { message: message ?? text, type, param: null, code } }
}
