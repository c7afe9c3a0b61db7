import { builder } from '../graphql/builder.ts'
import { named, nodesQuery, orderInput } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { forReaders } from '../graphql/for-readers.ts'
import { listModels } from './model.ts'
import { listPoolModels, storedRenames } from './pool.ts'
import { findProvider, listProviders } from './providers.service.ts'
import type { ProviderRow } from './providers.store.ts'

export const AuthType = builder.enumType('AuthType', {
  description: 'How a provider is given its credential.',
  values: {
    BEARER: { description: '`Authorization: Bearer …`.' },
    X_API_KEY: { description: '`x-api-key: …`.' },
    API_KEY: { description: '`api-key: …`.' },
    HEADER: { description: 'A header of another name, `authHeader`.' },
    NONE: { description: 'Without a credential.' },
  },
})

export const WireFormat = builder.enumType('WireFormat', {
  description: 'The API a provider speaks.',
  values: {
    OPENAI: { description: "OpenAI's: chat completions, completions, embeddings, responses, models." },
    ANTHROPIC: { description: "Anthropic's: messages, count_tokens, models." },
    AZURE: { description: "OpenAI's under Azure's paths: a model is the name of a deployment." },
  },
})

export const ProviderKind = builder.enumType('ProviderKind', {
  description: 'Whether a provider is asked itself.',
  values: {
    SINGLE: { description: 'It has an address and a credential.' },
    POOL: { description: 'It has members: providers that stand in for each other.' },
  },
})

const BreakerState = builder.enumType('BreakerState', {
  description: 'Whether a provider is asked at the moment.',
  values: {
    CLOSED: { description: 'It is asked.' },
    OPEN: { description: 'It kept failing: it is left alone for a moment, and requests for it are refused at once.' },
    HALF_OPEN: { description: 'The moment is over: one request finds out whether it works again.' },
  },
})

type MemberOffer = {
  readonly models: unknown
  readonly provider: Pick<ProviderRow, 'enabled' | 'deletedAt' | 'enabledModels' | 'discoveredModels'>
}

const toOffers = (members: readonly MemberOffer[]) =>
  members.flatMap(({ models, provider }) =>
    provider.enabled && !provider.deletedAt ? [{ ...provider, models: storedRenames.parse(models) }] : [],
  )

export const Provider = builder.prismaObject('Provider', {
  description: 'A service that answers LLM requests. Its credential is written, never read.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    name: t.exposeString('name', { description: 'Unique among the providers that are not deleted.' }),
    kind: t.expose('kind', { type: ProviderKind, description: 'Whether it is a pool.' }),
    enabled: t.exposeBoolean('enabled', { description: 'False: its keys are DISABLED.' }),
    wireFormat: t.expose('wireFormat', { type: WireFormat, description: 'The API it speaks.' }),
    enabledModels: t.exposeStringList('enabledModels', {
      description: 'Names and globs: only these models may be asked for.',
    }),
    models: t.stringList({
      description:
        'The model names to choose from: the enabled ones, and the discovered ones that an enabled glob allows. Of a ' +
        'pool: those of its members, as far as the pool enables them.',
      select: { members: { include: { provider: true } } },
      resolve: ({ kind, enabledModels, discoveredModels, members }) =>
        kind === 'POOL'
          ? listPoolModels(enabledModels, toOffers(members))
          : listModels(enabledModels, discoveredModels),
    }),
  }),
})

builder.prismaObjectFields(Provider, (t) => ({
  baseUrl: t.exposeString('baseUrl', forReaders('The address that paths are added to.')),
  authType: t.expose('authType', {
    ...forReaders('How it is given its credential.'),
    type: AuthType,
  }),
  apiVersion: t.exposeString('apiVersion', forReaders('Azure only: the `api-version` that goes with each request.')),
  authHeader: t.exposeString('authHeader', forReaders("The header's name for `HEADER`.")),
  credentialLastFour: t.exposeString(
    'credentialLastFour',
    forReaders('How the credential ends; null when there is none, empty when it is too short to show.'),
  ),
  discoveredModels: t.exposeStringList('discoveredModels', forReaders('What it last said it has.')),
  discoveredAt: t.expose('discoveredAt', {
    ...forReaders('When it last said so; null: never.'),
    type: 'DateTime',
  }),
  connectTimeoutMs: t.exposeInt('connectTimeoutMs', forReaders('Milliseconds to connect.')),
  firstByteTimeoutMs: t.exposeInt('firstByteTimeoutMs', forReaders('Milliseconds until the answer begins.')),
  idleTimeoutMs: t.exposeInt('idleTimeoutMs', forReaders('Milliseconds between two pieces of an answer.')),
  totalTimeoutMs: t.exposeInt('totalTimeoutMs', forReaders('Milliseconds for a whole request.')),
  maxConcurrency: t.exposeInt('maxConcurrency', forReaders('Requests at once; null: no bound of its own.')),
  breakerState: t.field({
    ...forReaders('Whether the answering node asks it at the moment; null for a pool, its members have one.'),
    type: BreakerState,
    resolve: ({ id, kind }, _args, context) => (kind === 'POOL' ? null : signedIn(context).parts.breakerState(id)),
  }),
  createdAt: t.expose('createdAt', { ...forReaders('When it was added.'), type: 'DateTime' }),
  deletedAt: t.expose('deletedAt', {
    ...forReaders('When it was deleted; null: it is not.'),
    type: 'DateTime',
  }),
}))

const ProviderOrder = orderInput('Provider', {
  NAME: { description: 'The name.' },
  CREATED_AT: { description: 'When it was added.' },
})

const ProviderFilter = builder.inputType('ProviderFilter', {
  description: 'Narrows a list of providers; what is given must all hold.',
  fields: (t) => ({
    search: t.string({ description: 'Part of the name.' }),
    enabled: t.boolean({ description: 'Only enabled, or only disabled ones.' }),
  }),
})

builder.queryFields((t) => ({
  providers: t.connection(
    {
      type: Provider,
      description: 'Providers that are not deleted; for users only the enabled ones.',
      authScopes: { signedIn: true },
      args: {
        filter: t.arg({ type: ProviderFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: ProviderOrder, description: 'Default: by name.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context, info) => {
        const query = nodesQuery(context, info)
        return listProviders(
          signedIn(context),
          page,
          filter ?? {},
          orderBy ?? { field: 'NAME', direction: 'ASC' },
          query,
        )
      },
    },
    ...named('Provider'),
  ),
  provider: t.field({
    type: Provider,
    nullable: true,
    description: 'One provider; null when it does not exist or is not yours to see.',
    authScopes: { signedIn: true },
    args: { id: t.arg.id({ required: true, description: 'The id of the provider.' }) },
    resolve: (_root, { id }, context) => findProvider(signedIn(context), id),
  }),
}))
