import { builder } from '../graphql/builder.ts'
import type { Context } from '../graphql/context.ts'
import { ApiKey } from '../keys/keys.graphql.ts'
import { Provider } from '../providers/providers.graphql.ts'
import { User } from '../users/user-type.graphql.ts'
import { loadKeys, loadOwners, loadProviders } from './referred.service.ts'

type Example = {
  readonly keyId: string
  readonly ownerId: string
  readonly providerId: string
  readonly model: string
  readonly requests: number
}

/** What the examples of a tried rule and a tried limit have in common. */
export const TrialExampleInterface = builder.interfaceRef<Example>('TrialExample').implement({
  description: 'Requests of one key for one model, as an example of what a trial found.',
  fields: (t) => ({
    apiKey: t.loadable({
      type: ApiKey,
      nullable: true,
      description: 'The key.',
      load: (ids: string[], context: Context) => loadKeys(ids, context),
      resolve: ({ keyId }) => keyId,
    }),
    owner: t.loadable({
      type: User,
      nullable: true,
      description: 'The owner of the key.',
      load: (ids: string[], context: Context) => loadOwners(ids, context),
      resolve: ({ ownerId }) => ownerId,
    }),
    provider: t.loadable({
      type: Provider,
      nullable: true,
      description: 'The provider.',
      load: (ids: string[], context: Context) => loadProviders(ids, context),
      resolve: ({ providerId }) => providerId,
    }),
    model: t.exposeString('model', { description: 'The model asked for.' }),
    requests: t.exposeInt('requests', { description: 'How many requests.' }),
  }),
})
