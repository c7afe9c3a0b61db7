import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** PostgreSQL has no NUL in a text: one in any argument would fail in whatever statement it reached. */
function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0')
  if (value === null || typeof value !== 'object') return false
  return Object.entries(value).some(([member, inner]) => member.includes('\0') || holdsNul(inner))
}

/** Refuses a request with a NUL character, written out or as an escape of the document. */
export function useStorableText(): Plugin {
  return {
    onParams({ params: { query, variables } }) {
      if (!holdsNul(variables) && !/\0|\\u0000|\\u\{0+\}/.test(query ?? '')) return
      throw new GraphQLError('Texts must not contain the character NUL.', {
        extensions: { code: 'InvalidInput', http: { status: 400 } },
      })
    },
  }
}
