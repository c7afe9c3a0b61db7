import { builder } from '../graphql/builder.ts'
import { named, nodesQuery, orderInput } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { seesAll } from '../users/viewer.ts'
import { listPrices } from './prices.service.ts'

export const Price = builder.prismaObject('Price', {
  description:
    'What the tokens of a model cost from an instant on. A name goes before a glob, a longer glob before a shorter one. Visible to administrators and auditors.',
  authScopes: (_price, { viewer }) => viewer !== null && seesAll(viewer),
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    provider: t.relation('provider', { description: 'Whose models.' }),
    modelPattern: t.exposeString('modelPattern', {
      description: 'A name or glob of models; `*` stands for any characters.',
    }),
    effectiveFrom: t.expose('effectiveFrom', {
      type: 'DateTime',
      description: 'It holds for requests that begin at or after this instant, until a later price does.',
    }),
    inputMicros: t.expose('inputMicros', {
      type: 'BigInt',
      description: 'Millionths of the currency per million tokens asked.',
    }),
    outputMicros: t.expose('outputMicros', {
      type: 'BigInt',
      description: 'Millionths of the currency per million tokens answered.',
    }),
    cachedMicros: t.expose('cachedMicros', {
      type: 'BigInt',
      nullable: true,
      description: "Millionths of the currency per million tokens from the provider's cache; null: as other input.",
    }),
    currency: t.exposeString('currency', { description: 'ISO 4217, as in `USD`.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was entered.' }),
  }),
})

const PriceOrder = orderInput('Price', {
  MODEL: { description: 'The model pattern.' },
  EFFECTIVE_FROM: { description: 'From when on it holds.' },
})

const PriceFilter = builder.inputType('PriceFilter', {
  description: 'Narrows a list of prices; what is given must all hold.',
  fields: (t) => ({
    search: t.string({ description: 'Part of the model pattern.' }),
    providerId: t.id({ description: 'Prices of this provider.' }),
  }),
})

builder.queryField('prices', (t) =>
  t.connection(
    {
      type: Price,
      description: 'Prices, past and future ones too. For administrators and auditors.',
      authScopes: { reader: true },
      args: {
        filter: t.arg({ type: PriceFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: PriceOrder, description: 'Default: by model.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context, info) => {
        const query = nodesQuery(context, info)
        const order = orderBy ?? { field: 'MODEL', direction: 'ASC' }
        return listPrices(signedIn(context), page, filter ?? {}, order, query)
      },
    },
    ...named('Price'),
  ),
)
