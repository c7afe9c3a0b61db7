import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  APICallError,
  type EmbeddingModel,
  embedMany,
  generateText,
  jsonSchema,
  type LanguageModel,
  RetryError,
  streamText,
  tool,
} from 'ai'
import { type Access, model, type Options, type Stock, type Texts, weatherSchema } from './stock.ts'

const limits = ({ signal, maxRetries = 0 }: Options) => ({
  maxRetries,
  ...(signal === undefined ? {} : { abortSignal: signal }),
})

/** The text stream of `ai` ends quietly on an error and on an abort: only the full one tells. */
async function* textsOf(parts: AsyncIterable<{ readonly type: string }>): Texts {
  for await (const part of parts) {
    if ('error' in part) throw part.error
    if (part.type === 'abort') throw new Error('aborted')
    if (part.type === 'text-delta' && 'text' in part) yield String(part.text)
  }
}

const weather = tool({ inputSchema: jsonSchema<{ city: string }>({ ...weatherSchema, required: ['city'] }) })

function statusOf(error: unknown): number | undefined {
  if (RetryError.isInstance(error)) return statusOf(error.lastError)
  return APICallError.isInstance(error) ? error.statusCode : undefined
}

type Models = { readonly name: string; readonly path: string; readonly language: LanguageModel }

function stock({ name, path, language }: Models, embedding: EmbeddingModel | null): Stock {
  return {
    name,
    path,
    chat: async (words, options = {}) => {
      const { text } = await generateText({ model: language, prompt: words, ...limits(options) })
      return text
    },
    stream: async (words, options = {}) =>
      textsOf(streamText({ model: language, prompt: words, onError: () => undefined, ...limits(options) }).fullStream),
    // The fake provider's responses know no tools.
    tool:
      path === '/responses'
        ? null
        : async (words) => {
            const { toolCalls } = await generateText({ model: language, prompt: words, tools: { weather } })
            return toolCalls[0]?.input
          },
    embed:
      embedding === null
        ? null
        : async (texts) => (await embedMany({ model: embedding, values: [...texts] })).embeddings,
    statusOf,
  }
}

/** Vercel's `ai` with its provider for OpenAI, by its default (responses) and by chat completions, and the generic one. */
export function vercelStocks({ url, secret }: Access): readonly Stock[] {
  const openai = createOpenAI({ baseURL: `${url}/work`, apiKey: secret })
  const generic = createOpenAICompatible({ name: 'gateway', baseURL: `${url}/work/v1`, apiKey: secret })
  const embeddingName = 'text-embedding-fake'
  return [
    stock({ name: 'ai with @ai-sdk/openai', path: '/responses', language: openai(model) }, null),
    stock(
      { name: 'ai with @ai-sdk/openai (chat)', path: '/chat/completions', language: openai.chat(model) },
      openai.embedding(embeddingName),
    ),
    stock(
      { name: 'ai with @ai-sdk/openai-compatible', path: '/chat/completions', language: generic(model) },
      generic.embeddingModel(embeddingName),
    ),
  ]
}
