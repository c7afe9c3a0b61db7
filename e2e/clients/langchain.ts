import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { createAgent, initChatModel } from 'langchain'
import { type Access, model, type Options, type Stock, type Texts, weatherSchema } from './stock.ts'

type Chunk = { readonly content: unknown }

const textOf = ({ content }: Chunk): string => (typeof content === 'string' ? content : '')

async function* textsOf(chunks: AsyncIterable<Chunk>): Texts {
  for await (const chunk of chunks) yield textOf(chunk)
}

const signalOf = ({ signal }: Options) => (signal === undefined ? {} : { signal })

/** LangChain's classes for OpenAI. How often it asks again belongs to the model, not to a request. */
export function langchainStock({ url, secret }: Access): Stock {
  const configuration = { baseURL: `${url}/work` }
  const chatModel = (maxRetries = 0) => new ChatOpenAI({ model, apiKey: secret, configuration, maxRetries })
  return {
    name: '@langchain/openai',
    path: '/chat/completions',
    chat: async (words, options = {}) => textOf(await chatModel(options.maxRetries).invoke(words, signalOf(options))),
    stream: async (words, options = {}) =>
      textsOf(await chatModel(options.maxRetries).stream(words, signalOf(options))),
    tool: async (words) => {
      const weather = { type: 'function', function: { name: 'weather', parameters: weatherSchema } }
      const { tool_calls: calls = [] } = await chatModel().bindTools([weather]).invoke(words)
      return calls[0]?.args
    },
    embed: async (texts) => {
      const embeddings = new OpenAIEmbeddings({ model: 'text-embedding-fake', apiKey: secret, configuration })
      return embeddings.embedDocuments([...texts])
    },
    statusOf,
  }
}

/** The umbrella package: an agent whose model is found by the name of its provider. */
export function langchainAgentStock({ url, secret }: Access): Stock {
  const fields = { modelProvider: 'openai', apiKey: secret, configuration: { baseURL: `${url}/work` } }
  const agentOf = async ({ maxRetries = 0 }: Options) =>
    createAgent({ model: await initChatModel(model, { ...fields, maxRetries }), tools: [] })
  const ask = (words: string) => ({ messages: [{ role: 'user' as const, content: words }] })
  return {
    name: 'langchain',
    path: '/chat/completions',
    chat: async (words, options = {}) => {
      const { messages } = await (await agentOf(options)).invoke(ask(words), signalOf(options))
      return textOf(messages.at(-1) ?? { content: '' })
    },
    stream: async (words, options = {}) =>
      textsOf(
        firstsOf(await (await agentOf(options)).stream(ask(words), { ...signalOf(options), streamMode: 'messages' })),
      ),
    tool: async (words) => {
      const weather = { type: 'function', function: { name: 'weather', parameters: weatherSchema } }
      const { tool_calls: calls = [] } = await (await initChatModel(model, fields)).bindTools([weather]).invoke(words)
      return calls[0]?.args
    },
    embed: null,
    statusOf,
  }
}

/** An agent streams each chunk with what is known of where it comes from. */
async function* firstsOf(pairs: AsyncIterable<readonly [Chunk, unknown]>): AsyncIterable<Chunk> {
  for await (const [chunk] of pairs) yield chunk
}

const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined
