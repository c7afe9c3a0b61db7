import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import { getMailSettings, testMail, updateMailSettings } from './deliveries.service.ts'
import type { MailSettingsRow } from './deliveries.store.ts'

const MailSettings = builder.objectRef<MailSettingsRow>('MailSettings').implement({
  description: 'How mail is sent. For administrators and auditors.',
  authScopes: { reader: true },
  fields: (t) => ({
    host: t.exposeString('host', { nullable: true, description: 'The SMTP server; null: no mail is sent.' }),
    port: t.exposeInt('port', { description: 'Its port.' }),
    tls: t.exposeBoolean('tls', { description: 'True: TLS from the first byte. False: STARTTLS.' }),
    username: t.exposeString('username', { nullable: true, description: 'Who signs in there; null: nobody.' }),
    hasPassword: t.boolean({
      description: 'True: a password is stored, sealed. It is never shown.',
      resolve: ({ sealedPassword }) => sealedPassword !== null,
    }),
    fromAddress: t.exposeString('fromAddress', { nullable: true, description: 'The sender; null: no mail is sent.' }),
  }),
})

builder.queryField('mailSettings', (t) =>
  t.field({
    type: MailSettings,
    description: 'How mail is sent. For administrators and auditors.',
    authScopes: { reader: true },
    resolve: (_root, _args, context) => getMailSettings(signedIn(context)),
  }),
)

const scopes = { signedIn: true, write: true, administrator: true } as const

const UpdateMailSettingsInput = builder.inputType('UpdateMailSettingsInput', {
  description: 'What to change. What is left out stays as it is.',
  fields: (t) => ({
    host: t.string({ description: 'The SMTP server; null: send no mail. Another one needs the password again.' }),
    port: t.int({ description: 'Its port, 1 to 65535.' }),
    tls: t.boolean({ description: 'True: TLS from the first byte. False: STARTTLS.' }),
    username: t.string({ description: 'Who signs in there; null: nobody.' }),
    password: t.string({ description: 'The password; null: none. It is sealed and never shown.' }),
    fromAddress: t.string({ description: 'The sender.' }),
  }),
})

const UpdateMailSettingsSuccess = builder.objectRef<MailSettingsRow>('UpdateMailSettingsSuccess').implement({
  description: 'Mail is sent as the input says.',
  fields: (t) => ({
    settings: t.field({ type: MailSettings, description: 'All of them.', resolve: (settings) => settings }),
  }),
})

builder.mutationField('updateMailSettings', (t) =>
  t.field({
    type: UpdateMailSettingsSuccess,
    description: 'Changes how mail is sent. `testMail` shows whether it works.',
    authScopes: scopes,
    args: { input: t.arg({ type: UpdateMailSettingsInput, required: true, description: 'The changes.' }) },
    errors: result('updateMailSettings', []),
    resolve: (_root, { input }, context) => updateMailSettings(signedIn(context), input),
  }),
)

const TestMailInput = builder.inputType('TestMailInput', {
  description: 'A test mail to your own address.',
  fields: (t) => ({ note: t.string({ description: 'Not used; leave it out.' }) }),
})

const TestMailSuccess = builder.objectRef<{ error: string | null }>('TestMailSuccess').implement({
  description: 'The mail was handed to the server, or was refused.',
  fields: (t) => ({
    error: t.exposeString('error', { nullable: true, description: 'What the server said; null: it took the mail.' }),
  }),
})

builder.mutationField('testMail', (t) =>
  t.field({
    type: TestMailSuccess,
    description: 'Sends a mail to your own address with the stored settings.',
    authScopes: scopes,
    args: { input: t.arg({ type: TestMailInput, description: 'Nothing needs to be said.' }) },
    errors: result('testMail', []),
    resolve: async (_root, _args, context) => ({ error: await testMail(signedIn(context)) }),
  }),
)
