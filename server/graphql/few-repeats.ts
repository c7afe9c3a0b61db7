import { type ASTVisitor, GraphQLError, Kind, type ValidationContext } from 'graphql'
import type { Plugin } from 'graphql-yoga'

const MAX_REPEATS = 10

/** The same field again and again means nothing, and each is compared with each other one. */
function fewRepeats(context: ValidationContext): ASTVisitor {
  return {
    SelectionSet({ selections }) {
      const times = new Map<string, number>()
      for (const node of selections) {
        if (node.kind !== Kind.FIELD) continue
        const name = (node.alias ?? node.name).value
        const count = (times.get(name) ?? 0) + 1
        times.set(name, count)
        if (count <= MAX_REPEATS) continue
        context.reportError(new GraphQLError(`${name} is asked for too often.`, { nodes: node }))
        return
      }
    },
  }
}

export const useFewRepeats: Plugin = {
  onValidate: ({ addValidationRule }) => addValidationRule(fewRepeats),
}
