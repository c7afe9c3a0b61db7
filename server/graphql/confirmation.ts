import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import type { Context } from './context.ts'

/**
 * Where several nodes serve, the answer to a change says in its `extensions.nodes` how many act on it, and when the rest
 * stop: a node that is cut off serves what it knows until the staleness bound.
 */
export function useConfirmation(): Plugin<Context> {
  return {
    onExecute: ({ args }) => ({
      onExecuteDone({ result, setResult }) {
        const nodes = args.contextValue.confirmations.at(-1)
        if (isAsyncIterable(result) || nodes === undefined || nodes.nodes === 1) return
        setResult({ ...result, extensions: { ...result.extensions, nodes } })
      },
    }),
  }
}
