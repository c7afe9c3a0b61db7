import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import type { InstallationSettings as Settings } from '../users/installation.ts'
import { getInstallationSettings, updateInstallationSettings } from './installation.service.ts'

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
    auditRetentionDays: t.exposeInt('auditRetentionDays', {
      nullable: true,
      description:
        'Days after which audit entries are removed behind a signed checkpoint, from which the rest stays provable; null: never.',
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

const UpdateInstallationSettingsInput = builder.inputType('UpdateInstallationSettingsInput', {
  description: 'What to change. What is left out or null stays as it is.',
  fields: (t) => ({
    timeZone: t.string({
      description:
        'IANA name, such as `Europe/Berlin`. Reports are summed anew for its days, as far as the hours allow: where its midnight cuts hours that were not cut before, those stay with the day in which they begin. Limits per day, week and month go on with what was used.',
    }),
    currency: t.string({
      description: 'ISO 4217. It can change until there are prices, limits of money or costs: nothing is converted.',
    }),
    defaultMaxTokens: t.int({
      description: 'Tokens that limits reserve for the answer to a request that names no maximum, 1 to 1000000.',
    }),
    usageRetentionDays: t.int({
      description:
        'Days after which requests are dropped from the logs, 1 to 3650. Fewer than before: the next hour drops them.',
    }),
    auditRetentionDays: t.int({
      description: 'Days after which audit entries are removed, 30 to 3650; 0: never. Export the log before.',
    }),
  }),
})

const UpdateInstallationSettingsSuccess = builder.objectRef<Settings>('UpdateInstallationSettingsSuccess').implement({
  description: 'The settings are as the input says, on every node.',
  fields: (t) => ({
    settings: t.field({
      type: InstallationSettings,
      description: 'All of them.',
      resolve: (settings) => settings,
    }),
  }),
})

builder.mutationField('updateInstallationSettings', (t) =>
  t.field({
    type: UpdateInstallationSettingsSuccess,
    description: 'Changes what all of this installation shares. Another time zone takes seconds per million requests.',
    authScopes: { signedIn: true, write: true, administrator: true },
    args: { input: t.arg({ type: UpdateInstallationSettingsInput, required: true, description: 'The changes.' }) },
    errors: result('updateInstallationSettings', []),
    resolve: (_root, { input }, context) => updateInstallationSettings(signedIn(context), input),
  }),
)
