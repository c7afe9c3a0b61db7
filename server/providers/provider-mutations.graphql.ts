import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { type InputFields, idInput } from '../graphql/input.ts'
import { problem } from '../graphql/problems.ts'
import { result } from '../graphql/result.ts'
import { NameTaken, NotFound } from '../lib/problems.ts'
import {
  discoverModels,
  type MemberTest,
  ProviderNotReachable,
  type ProviderTest as ProviderTestShape,
  testProvider,
} from './discovery.service.ts'
import { CredentialRequired, UrlNotAllowed } from './provider.ts'
import { AuthType, Provider, ProviderKind, WireFormat } from './providers.graphql.ts'
import { createProvider, deleteProvider, updateProvider } from './providers.service.ts'
import type { ProviderRow } from './providers.store.ts'

builder.objectType(UrlNotAllowed, {
  name: 'UrlNotAllowed',
  ...problem('The base URL may not be used; the message says why.'),
})
builder.objectType(CredentialRequired, {
  name: 'CredentialRequired',
  ...problem('The provider needs a credential, or a new host needs it again.'),
})
builder.objectType(ProviderNotReachable, {
  name: 'ProviderNotReachable',
  ...problem('The provider did not give a list of its models; the message says why.'),
})

const scopes = { signedIn: true, write: true, administrator: true } as const

const ModelRenameInput = builder.inputType('ModelRenameInput', {
  description: 'What a member calls a model that callers call otherwise.',
  fields: (t) => ({
    from: t.string({ required: true, description: 'The name that callers use.' }),
    to: t.string({ required: true, description: "The member's name for it." }),
  }),
})

const PoolMemberInput = builder.inputType('PoolMemberInput', {
  description: 'A provider in a pool.',
  fields: (t) => ({
    providerId: t.id({ required: true, description: 'The provider: no pool, and of the same wire format.' }),
    order: t.int({ description: 'The lower is asked first, from 1 to 100. Default: 1.' }),
    weight: t.int({ description: 'Its share among those of one order, from 1 to 1000. Default: 1.' }),
    models: t.field({ type: [ModelRenameInput], description: 'Models it has under another name. Default: none.' }),
  }),
})

/** What is said of a provider when it is made, and may be changed later. */
const details = (t: InputFields) => ({
  wireFormat: t.field({ type: WireFormat, description: 'The API it speaks. Default: OPENAI.' }),
  apiVersion: t.string({
    description: 'For `AZURE`: the `api-version` that goes with each request, such as `2024-10-21`.',
  }),
  authType: t.field({ type: AuthType, description: 'How it is given its credential. Default: BEARER.' }),
  authHeader: t.string({ description: "The header's name, for `HEADER`." }),
  credential: t.string({ description: "The provider's own key. It is sealed, and never shown again." }),
  enabledModels: t.stringList({ description: 'Names and globs that may be asked for, up to 1000. Default: `*`.' }),
  connectTimeoutMs: t.int({ description: 'Milliseconds to connect. Default: 5000.' }),
  firstByteTimeoutMs: t.int({ description: 'Milliseconds until the answer begins. Default: 120000.' }),
  idleTimeoutMs: t.int({ description: 'Milliseconds between two pieces of an answer. Default: 60000.' }),
  totalTimeoutMs: t.int({ description: 'Milliseconds for a whole request. Default: 600000.' }),
  maxConcurrency: t.int({ description: 'Requests at once. Null: no bound of its own.' }),
  members: t.field({ type: [PoolMemberInput], description: 'Whom a pool asks, 1 to 20. For a pool only.' }),
  repeatsUnanswered: t.boolean({
    description:
      'For a pool only. True: the next member is asked also when one got the request and did not answer, though it may ' +
      'bill it. Default: false.',
  }),
  enabled: t.boolean({ description: 'False: its keys are DISABLED. Default: true.' }),
})

const CreateProviderInput = builder.inputType('CreateProviderInput', {
  description: 'A new provider.',
  fields: (t) => ({
    name: t.string({ required: true, description: '3 to 32 characters, unique.' }),
    kind: t.field({ type: ProviderKind, required: true, defaultValue: 'SINGLE', description: 'Whether it is a pool.' }),
    baseUrl: t.string({
      description:
        'For all but pools. The address that paths are added to, as an SDK takes it: `https://api.openai.com/v1`, `https://api.anthropic.com`.',
    }),
    ...details(t),
  }),
})

const UpdateProviderInput = builder.inputType('UpdateProviderInput', {
  description: 'What to change about a provider. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The provider.' }),
    name: t.string({ description: '3 to 32 characters, unique.' }),
    baseUrl: t.string({ description: 'The address that paths are added to. Another host needs the credential again.' }),
    ...details(t),
  }),
})

const successOf = (name: string, description: string) =>
  builder.objectRef<ProviderRow>(name).implement({
    description,
    fields: (t) => ({
      provider: t.field({ type: Provider, description: 'The provider as it is now.', resolve: (provider) => provider }),
    }),
  })

builder.mutationField('createProvider', (t) =>
  t.field({
    type: successOf('CreateProviderSuccess', 'The provider was added.'),
    description: 'Adds a provider and seals its credential.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreateProviderInput, required: true, description: 'The new provider.' }) },
    errors: result('createProvider', [NameTaken, UrlNotAllowed, CredentialRequired]),
    resolve: (_root, { input }, context) => createProvider(signedIn(context), input),
  }),
)

builder.mutationField('updateProvider', (t) =>
  t.field({
    type: successOf('UpdateProviderSuccess', 'The provider is as the input says.'),
    description: 'Changes a provider; it holds for the next request.',
    authScopes: scopes,
    args: { input: t.arg({ type: UpdateProviderInput, required: true, description: 'The changes.' }) },
    errors: result('updateProvider', [NotFound, NameTaken, UrlNotAllowed, CredentialRequired]),
    resolve: (_root, { input }, context) => updateProvider(signedIn(context), input),
  }),
)

builder.mutationField('deleteProvider', (t) =>
  t.field({
    type: successOf('DeleteProviderSuccess', 'The provider is gone, and its credential with it.'),
    description: 'Removes a provider. Its keys stay on record and are DISABLED.',
    authScopes: scopes,
    args: {
      input: t.arg({ type: idInput('DeleteProviderInput', 'provider'), required: true, description: 'The provider.' }),
    },
    errors: result('deleteProvider', [NotFound]),
    resolve: (_root, { input }, context) => deleteProvider(signedIn(context), input.id),
  }),
)

const ProviderTest = builder.interfaceRef<ProviderTestShape>('ProviderTest').implement({
  description: 'What came of asking a provider for its models.',
  fields: (t) => ({
    reachable: t.exposeBoolean('reachable', { description: 'True when it gave a list of models.' }),
    status: t.exposeInt('status', {
      nullable: true,
      description: 'The HTTP status of its answer; null: it gave none.',
    }),
    latencyMs: t.exposeInt('latencyMs', { description: 'Milliseconds until the whole answer.' }),
    models: t.stringList({ description: 'The models it listed.', resolve: ({ models }) => models }),
    message: t.exposeString('message', { description: 'A sentence that can be shown to people.' }),
  }),
})

const PoolMemberTest = builder.objectRef<MemberTest>('PoolMemberTest').implement({
  description: 'What came of asking a member of a pool.',
  interfaces: [ProviderTest],
  fields: (t) => ({
    provider: t.field({ type: Provider, description: 'The member.', resolve: ({ provider }) => provider }),
  }),
})

const TestProviderSuccess = builder
  .objectRef<Awaited<ReturnType<typeof testProvider>>>('TestProviderSuccess')
  .implement({
    description: 'The provider was asked for its models; of a pool, every member was.',
    interfaces: [ProviderTest],
    fields: (t) => ({
      members: t.field({
        type: [PoolMemberTest],
        description: 'Each member of a pool, first those that are asked first; of another provider none.',
        resolve: ({ members }) => members,
      }),
    }),
  })

builder.mutationField('testProvider', (t) =>
  t.field({
    type: TestProviderSuccess,
    description: 'Asks a provider for its models, and changes nothing.',
    authScopes: scopes,
    args: {
      input: t.arg({ type: idInput('TestProviderInput', 'provider'), required: true, description: 'The provider.' }),
    },
    errors: result('testProvider', [NotFound]),
    resolve: (_root, { input }, context) => testProvider(signedIn(context), input.id),
  }),
)

builder.mutationField('discoverModels', (t) =>
  t.field({
    type: successOf('DiscoverModelsSuccess', "The provider's models are known."),
    description: "Reads a provider's model list and keeps it.",
    authScopes: scopes,
    args: {
      input: t.arg({ type: idInput('DiscoverModelsInput', 'provider'), required: true, description: 'The provider.' }),
    },
    errors: result('discoverModels', [NotFound, ProviderNotReachable]),
    resolve: (_root, { input }, context) => discoverModels(signedIn(context), input.id),
  }),
)
