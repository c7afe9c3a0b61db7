import { type ExecutionResult, GraphQLError } from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import type { Logger } from '../lib/log.ts'
import { Problem } from '../lib/problems.ts'
import type { Context } from './context.ts'

/** Errors that were raised for the caller stay; everything else becomes a request id, and a line in the log. */
export function useMasking(log: Logger): Plugin<Context> {
  function mask(error: GraphQLError, requestId: string | null): GraphQLError {
    const { originalError } = error
    if (originalError === undefined || originalError instanceof GraphQLError) return error
    const at = { nodes: error.nodes, source: error.source, positions: error.positions, path: error.path }
    if (originalError instanceof Problem) {
      return new GraphQLError(originalError.message, { ...at, extensions: { code: originalError.name } })
    }
    log.error({ err: originalError, requestId, path: error.path?.join('.') }, 'a resolver failed')
    const message = 'Something went wrong on our side.'
    return new GraphQLError(message, { ...at, extensions: { code: 'INTERNAL_ERROR', requestId } })
  }
  return {
    onExecute: ({ args }) => ({
      onExecuteDone({ result, setResult }) {
        if (isAsyncIterable(result) || !result.errors) return
        const { requestId } = args.contextValue.origin
        const masked: ExecutionResult = { ...result, errors: result.errors.map((error) => mask(error, requestId)) }
        setResult(masked)
      },
    }),
  }
}
