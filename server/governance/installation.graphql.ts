import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import type { InstallationSettings as Settings } from '../users/installation.ts'
import { getInstallationSettings } from './installation.service.ts'

const InstallationSettings = builder.objectRef<Settings>('InstallationSettings').implement({
  description: 'What all of this installation shares.',
  fields: (t) => ({
    timeZone: t.exposeString('timeZone', {
      description: 'IANA name, such as `Europe/Berlin`: days, weeks and months of limits and reports are of this zone.',
    }),
    currency: t.exposeString('currency', { description: 'ISO 4217: what prices, costs and money limits are in.' }),
    defaultMaxTokens: t.exposeInt('defaultMaxTokens', {
      description: 'Tokens that limits reserve for the answer to a request that names no maximum.',
    }),
    usageRetentionDays: t.exposeInt('usageRetentionDays', {
      description: 'Days after which a request is dropped from the logs. Its sums stay in the reports.',
    }),
  }),
})

builder.queryField('installationSettings', (t) =>
  t.field({
    type: InstallationSettings,
    description: 'What all of this installation shares. For everybody who is signed in.',
    authScopes: { signedIn: true },
    resolve: (_root, _args, context) => getInstallationSettings(signedIn(context)),
  }),
)
