import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import { purgeResponseCache } from './caching.service.ts'
import { ApiKey } from './keys.graphql.ts'

builder.prismaObjectFields(ApiKey, (t) => ({
  cacheSeconds: t.exposeInt('cacheSeconds', {
    nullable: true,
    description:
      'For how many seconds an answer is given again to exactly the same body; null: never, unless a rule says so.',
  }),
}))

const PurgeResponseCacheInput = builder.inputType('PurgeResponseCacheInput', {
  description: 'Whose kept answers to forget.',
  fields: (t) => ({
    ownerId: t.id({
      description: 'Answers kept for this person. Left out or null: ones own; for administrators those of everybody.',
    }),
  }),
})

const PurgeResponseCacheSuccess = builder
  .objectRef<{ readonly purged: boolean }>('PurgeResponseCacheSuccess')
  .implement({
    description: 'They are forgotten, on every node.',
    fields: (t) => ({ purged: t.exposeBoolean('purged', { description: 'True.' }) }),
  })

builder.mutationField('purgeResponseCache', (t) =>
  t.field({
    type: PurgeResponseCacheSuccess,
    description: 'Forgets answers of the response cache.',
    authScopes: { signedIn: true, write: true, editor: true },
    args: { input: t.arg({ type: PurgeResponseCacheInput, required: true, description: 'Whose.' }) },
    errors: result('purgeResponseCache', [NotFound]),
    resolve: async (_root, { input }, context) => {
      await purgeResponseCache(signedIn(context), input.ownerId ?? null)
      return { purged: true }
    },
  }),
)
