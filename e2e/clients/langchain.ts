import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
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
    statusOf: (error) =>
      error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined,
  }
}
