import { queryFromInfo } from '@pothos/plugin-prisma'
import type { GraphQLResolveInfo } from 'graphql'
import { builder, OrderDirection } from './builder.ts'
import type { Context } from './context.ts'

/** The names of a list's types, after the type it lists: `t.connection({ … }, ...named('ApiKey'))`. */
export const named = (type: string) =>
  [
    { name: `${type}Connection`, description: `A page of a list: ${type}.` },
    { name: `${type}Edge`, description: `One in a list, with its place: ${type}.` },
  ] as const

/**
 * The `orderBy` of a list: an input `<Type>Order` over an enum `<Type>OrderField` of the given fields, each with its
 * description.
 */
export function orderInput<const Fields extends Readonly<Record<string, { readonly description: string }>>>(
  type: string,
  fields: Fields,
) {
  const Field = builder.enumType(`${type}OrderField`, {
    description: `What a list of this kind can be sorted by: ${type}.`,
    values: fields,
  })
  return builder.inputType(`${type}Order`, {
    description: 'Sorting. Equal ones are in the order of their ids; what has no value comes last.',
    fields: (t) => ({
      field: t.field({ type: Field, required: true, description: 'What to sort by.' }),
      direction: t.field({ type: OrderDirection, required: true, description: 'Which end comes first.' }),
    }),
  })
}

/** Which relations a list is asked for with its rows: the `query` of its service. */
export const nodesQuery = (context: Context, info: GraphQLResolveInfo) =>
  queryFromInfo({ context, info, paths: [['edges', 'node'], ['nodes']] })
