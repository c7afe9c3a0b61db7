import { initGraphQLTada } from 'gql.tada'
import type { introspection } from '../generated/graphql-env.ts'

/** Turns a document into a typed one. `DateTime` is ISO 8601 in UTC, `BigInt` a decimal string. */
export const graphql = initGraphQLTada<{
  introspection: introspection
  disableMasking: true
  scalars: { ID: string; DateTime: string; BigInt: string; JSON: unknown }
}>()

export type { ResultOf, VariablesOf } from 'gql.tada'
