import { graphql } from 'graphql'
import type { Context } from '../graphql/context.ts'
import { schema } from '../graphql/schema.ts'

type Answer = {
  readonly data?: Record<string, unknown> | null
  readonly errors?: readonly { readonly extensions: object }[]
}

/** What the schema answers whoever asks, as a client reads it, without HTTP in between. */
export async function askSchema(
  who: Pick<Context, 'parts' | 'viewer'> & Partial<Context>,
  source: string,
  variableValues: Readonly<Record<string, unknown>> = {},
) {
  const contextValue: Context = {
    origin: { requestId: null, address: '192.0.2.1', userAgent: null },
    isUnchanged: async () => true,
    confirmations: [],
    session: { start: () => undefined, end: () => undefined },
    ...who,
  }
  const answer: Answer = JSON.parse(JSON.stringify(await graphql({ schema, source, variableValues, contextValue })))
  const codes = (answer.errors ?? []).map(({ extensions }) => Reflect.get(extensions, 'code'))
  return { data: answer.data, codes, text: JSON.stringify(answer) }
}
