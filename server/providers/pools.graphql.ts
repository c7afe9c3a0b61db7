import { builder } from '../graphql/builder.ts'
import { forReaders } from '../graphql/for-readers.ts'
import { storedRenames } from './pool.ts'
import { Provider } from './providers.graphql.ts'
import { MEMBER_ORDER } from './providers.store.ts'

const ModelRename = builder.objectRef<{ readonly from: string; readonly to: string }>('ModelRename').implement({
  description: 'What a member calls a model that callers call otherwise.',
  fields: (t) => ({
    from: t.exposeString('from', { description: 'The name that callers use.' }),
    to: t.exposeString('to', { description: "The member's name for it." }),
  }),
})

const PoolMember = builder.prismaObject('PoolMember', {
  description: 'A provider in a pool.',
  fields: (t) => ({
    provider: t.relation('provider', { description: 'The provider.' }),
    order: t.exposeInt('order', { description: 'The lower is asked first.' }),
    weight: t.exposeInt('weight', { description: 'Its share among those of one order.' }),
    models: t.field({
      type: [ModelRename],
      description: 'Models it has under another name.',
      resolve: ({ models }) => storedRenames.parse(models),
    }),
  }),
})

builder.prismaObjectFields(Provider, (t) => ({
  members: t.relation('members', {
    ...forReaders('Whom a pool asks, first those that are asked first; empty for other providers.'),
    type: PoolMember,
    query: { where: { provider: { deletedAt: null } }, orderBy: [...MEMBER_ORDER] },
  }),
  repeatsUnanswered: t.exposeBoolean(
    'repeatsUnanswered',
    forReaders('True for a pool that asks the next member also when one got the request and did not answer.'),
  ),
}))
