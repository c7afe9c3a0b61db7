import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import { type LeakReporter, leakReportersSchema } from './leaks.ts'
import {
  getGovernanceSettings,
  type GovernanceSettings as Settings,
  updateGovernanceSettings,
} from './settings.service.ts'

const LeakReporterType = builder.objectRef<LeakReporter>('LeakReporter').implement({
  description: 'One who may report leaked keys by signing the report, as secret scanning does.',
  fields: (t) => ({
    identifier: t.exposeString('identifier', { description: 'The name of the key, as the report sends it.' }),
    publicKey: t.exposeString('publicKey', { description: 'The public key in PEM form.' }),
  }),
})

const LeakReporterInput = builder.inputType('LeakReporterInput', {
  description: 'One who may report leaked keys by signing the report.',
  fields: (t) => ({
    identifier: t.string({ required: true, description: 'The name of the key, as the report sends it.' }),
    publicKey: t.string({ required: true, description: 'The public key in PEM form.' }),
  }),
})

const GovernanceSettings = builder.objectRef<Settings>('GovernanceSettings').implement({
  description: 'How this installation governs its keys.',
  fields: (t) => ({
    selfApprovalAllowed: t.exposeBoolean('selfApprovalAllowed', {
      description: 'True: people may approve what they asked for themselves.',
    }),
    requestDays: t.exposeInt('requestDays', { description: 'Days after which an unanswered request expires.' }),
    administratorsTold: t.exposeBoolean('administratorsTold', {
      description: 'True: administrators are told of expiring keys too, not only their owners.',
    }),
    leakReporters: t.field({
      type: [LeakReporterType],
      description: 'Who may report leaked keys at `/leaks` by signing the report.',
      resolve: ({ leakReporters }) => leakReportersSchema.parse(leakReporters),
    }),
  }),
})

builder.queryField('governanceSettings', (t) =>
  t.field({
    type: GovernanceSettings,
    description: 'How keys are governed. For administrators and auditors.',
    authScopes: { reader: true },
    resolve: (_root, _args, context) => getGovernanceSettings(signedIn(context)),
  }),
)

const UpdateGovernanceSettingsInput = builder.inputType('UpdateGovernanceSettingsInput', {
  description: 'What to change. What is left out or null stays as it is.',
  fields: (t) => ({
    selfApprovalAllowed: t.boolean({ description: 'True: people may approve what they asked for themselves.' }),
    requestDays: t.int({ description: 'Days after which an unanswered request expires, 1 to 365.' }),
    administratorsTold: t.boolean({ description: 'True: administrators are told of expiring keys too.' }),
    leakReporters: t.field({ type: [LeakReporterInput], description: 'Who may report leaked keys; all of them.' }),
  }),
})

const UpdateGovernanceSettingsSuccess = builder.objectRef<Settings>('UpdateGovernanceSettingsSuccess').implement({
  description: 'The settings are as the input says.',
  fields: (t) => ({
    settings: t.field({ type: GovernanceSettings, description: 'All of them.', resolve: (settings) => settings }),
  }),
})

builder.mutationField('updateGovernanceSettings', (t) =>
  t.field({
    type: UpdateGovernanceSettingsSuccess,
    description: 'Changes how keys are governed.',
    authScopes: { signedIn: true, write: true, administrator: true },
    args: { input: t.arg({ type: UpdateGovernanceSettingsInput, required: true, description: 'The changes.' }) },
    errors: result('updateGovernanceSettings', []),
    resolve: (_root, { input }, context) => updateGovernanceSettings(signedIn(context), input),
  }),
)
