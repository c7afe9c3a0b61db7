import Anthropic, { APIError } from '@anthropic-ai/sdk'
import { type Access, model, type Options, type Stock, type Texts, weatherSchema } from './stock.ts'

const ask = (words: string) => ({ model, max_tokens: 64, messages: [{ role: 'user' as const, content: words }] })

async function* textsOf(events: AsyncIterable<Anthropic.RawMessageStreamEvent>): Texts {
  for await (const event of events) {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') yield event.delta.text
  }
}

const limits = ({ signal, maxRetries = 0 }: Options) => ({ maxRetries, ...(signal === undefined ? {} : { signal }) })

/** Anthropic's client. It adds `/v1/messages` to its base URL itself. */
export function anthropicClient({ url, secret }: Access): Anthropic {
  return new Anthropic({ baseURL: `${url}/work`, apiKey: secret })
}

export function anthropicStock(access: Access): Stock {
  const client = anthropicClient(access)
  return {
    name: '@anthropic-ai/sdk',
    path: '/messages',
    chat: async (words, options = {}) => {
      const { content } = await client.messages.create(ask(words), limits(options))
      return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
    },
    stream: async (words, options = {}) =>
      textsOf(await client.messages.create({ ...ask(words), stream: true }, limits(options))),
    tool: async (words) => {
      const tools = [{ name: 'weather', input_schema: { ...weatherSchema, required: ['city'] } }]
      const { content } = await client.messages.stream({ ...ask(words), tools }).finalMessage()
      return content.find((block) => block.type === 'tool_use')?.input
    },
    embed: null,
    statusOf: (error) => (error instanceof APIError ? error.status : undefined),
  }
}
