import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** PostgreSQL has no NUL in a text and no half a character in JSON: either would fail in whatever statement it reached. */
const isStorable = (text: string) => !text.includes('\0') && text.isWellFormed()

function holdsOnlyStorable(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value)
  if (value === null || typeof value !== 'object') return true
  return Object.entries(value).every(([member, inner]) => isStorable(member) && holdsOnlyStorable(inner))
}

/** Refuses a request with a text that cannot be stored, written out or as an escape of the document. */
export function useStorableText(): Plugin {
  return {
    onParams({ params: { query, variables } }) {
      if (holdsOnlyStorable(variables) && !/\0|\\u0000|\\u\{0+\}/.test(query ?? '')) return
      throw new GraphQLError('Texts must not contain the character NUL, or half a character.', {
        extensions: { code: 'InvalidInput', http: { status: 400 } },
      })
    },
  }
}
