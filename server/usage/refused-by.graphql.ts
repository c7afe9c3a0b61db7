import { RefusalCause } from '../generated/prisma/enums.ts'
import { builder } from '../graphql/builder.ts'
import type { Context } from '../graphql/context.ts'
import { AccessLayer } from '../rules/explain.graphql.ts'
import { seesAll } from '../users/viewer.ts'
import { UsageEntry } from './entries.graphql.ts'
import { findNames } from './refused-by.store.ts'

type Cause = { readonly type: RefusalCause; readonly id: string | null }

const RefusedBy = builder.objectRef<Cause>('RefusedBy').implement({
  description: 'What refused a request.',
  fields: (t) => ({
    type: t.expose('type', { type: AccessLayer, description: 'The layer.' }),
    id: t.exposeID('id', {
      nullable: true,
      description: 'The rule, key, provider or limit; null: no rule allowed it.',
    }),
    name: t.loadable({
      type: 'String',
      nullable: true,
      description:
        'Its name; of a limit without one, what it counts. Null without an id, and of rules and limits for everybody ' +
        'but administrators and auditors.',
      load: async (keys: string[], { parts }: Context) => {
        const names = await findNames(parts.db.prisma, keys.map(readKey))
        return keys.map((key) => names.get(readKey(key).id) ?? null)
      },
      resolve: ({ type, id }, _args, { viewer }) => {
        const isHidden = (type === 'RULE' || type === 'LIMIT') && !(viewer && seesAll(viewer))
        return id === null || isHidden ? null : `${type} ${id}`
      },
    }),
  }),
})

function readKey(key: string): { readonly type: RefusalCause; readonly id: string } {
  const [word = '', id = ''] = key.split(' ')
  const type = Object.values(RefusalCause).find((cause) => cause === word) ?? 'RULE'
  return { type, id }
}

builder.prismaObjectField(UsageEntry, 'refusedBy', (t) =>
  t.field({
    type: RefusedBy,
    nullable: true,
    description: 'The rule, restriction or limit that refused it; null: it was not refused, or by none of those.',
    resolve: ({ refusedByType, refusedById }) =>
      refusedByType === null ? null : { type: refusedByType, id: refusedById },
  }),
)
