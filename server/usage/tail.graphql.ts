import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { UsageEntry, UsageEntryFilter } from './entries.graphql.ts'
import { tailUsageEntries } from './tail.service.ts'

builder.subscriptionField('usageEntryAdded', (t) =>
  t.field({
    type: UsageEntry,
    description:
      'Each request as it is recorded, a moment after its end: of ones own keys; for administrators and auditors of all. ' +
      'At most 100 in a quarter of a second; `usageEntries` has all. Ends when the viewer is signed out.',
    authScopes: { signedIn: true },
    args: { filter: t.arg({ type: UsageEntryFilter, description: 'Only these.' }) },
    subscribe: (_root, { filter }, context) => tailUsageEntries(signedIn(context), filter ?? {}, context.isUnchanged),
    resolve: (entry) => entry,
  }),
)
