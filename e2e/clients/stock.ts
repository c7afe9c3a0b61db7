/** What is done to one request: when it is given up, and how often its client may ask again. */
export type Options = { readonly signal?: AbortSignal; readonly maxRetries?: number }

/** One piece of a stream as its client shows it; empty for an event without text. */
export type Texts = AsyncIterable<string>

/** A client library as it comes from its registry, told nothing but the base URL and a key. */
export type Stock = {
  readonly name: string
  /** The path at the provider, without `/v1`. */
  readonly path: string
  /** Asks for a whole answer. */
  readonly chat: (words: string, options?: Options) => Promise<string>
  readonly stream: (words: string, options?: Options) => Promise<Texts>
  /** The arguments of the call the model makes of the tool `weather`; null where the fake provider has no tools. */
  readonly tool: ((words: string) => Promise<unknown>) | null
  /** The vectors of the texts; null where the client has no embeddings. */
  readonly embed: ((texts: readonly string[]) => Promise<readonly (readonly number[])[]>) | null
  /** The HTTP status in one of the client's own errors. */
  readonly statusOf: (error: unknown) => number | undefined
}

export type Access = { readonly url: string; readonly secret: string }

export const model = 'fake-gpt'
export const weatherSchema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const

/** Every text of a stream, for a caller who waits for its end. */
export async function collect(texts: Texts): Promise<string> {
  let all = ''
  for await (const text of texts) all += text
  return all
}
