import { builder } from '../graphql/builder.ts'
import { named, orderInput } from '../graphql/connection.ts'
import { type Context, signedIn } from '../graphql/context.ts'
import { ApiKey } from '../keys/keys.graphql.ts'
import { Provider } from '../providers/providers.graphql.ts'
import { User } from '../users/user-type.graphql.ts'
import { seesAll } from '../users/viewer.ts'
import { findUsageEntry, listUsageEntries } from './entries.service.ts'
import { loadKeys, loadOwners, loadProviders } from './referred.service.ts'

const UsageEnd = builder.enumType('UsageEnd', {
  description: 'How a request ended.',
  values: {
    COMPLETE: { description: 'The whole answer of the provider reached the caller.' },
    CLIENT_LEFT: { description: 'The caller left before the end.' },
    UPSTREAM_FAILED: { description: 'The provider failed before or during its answer.' },
    INTERRUPTED: { description: 'This process died during the request.' },
    REFUSED: { description: 'Refused before it reached a provider.' },
  },
})

export const UsageEntry = builder.prismaObject('UsageEntry', {
  description:
    'One request to `/work`. Visible to the owner of its key, administrators and auditors. Bodies are not kept.',
  authScopes: (entry, { viewer }) => viewer !== null && (seesAll(viewer) || entry.ownerId === viewer.id),
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The request id that the caller saw as `x-request-id`.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When the request came in.' }),
    endpoint: t.exposeString('endpoint', { description: 'The path below `/work`.' }),
    modelAsked: t.exposeString('modelAsked', {
      nullable: true,
      description: 'The model the caller named; null: none.',
    }),
    modelAnswered: t.exposeString('modelAnswered', {
      nullable: true,
      description: 'The model the provider named; null: none.',
    }),
    status: t.exposeInt('status', {
      description: 'The HTTP status the caller got; 0: the caller left before there was one.',
    }),
    code: t.exposeString('code', { nullable: true, description: 'The error code; null: no error.' }),
    end: t.expose('end', { type: UsageEnd, description: 'How it ended.' }),
    streamed: t.exposeBoolean('streamed', { description: 'True when the caller asked for a stream.' }),
    inputTokens: t.exposeInt('inputTokens', {
      nullable: true,
      description: 'Tokens asked; null: nothing was asked of a provider, or it answered an error.',
    }),
    outputTokens: t.exposeInt('outputTokens', {
      nullable: true,
      description: 'Tokens answered; null: nothing was asked of a provider, or it answered an error.',
    }),
    cachedTokens: t.exposeInt('cachedTokens', {
      nullable: true,
      description: "Of the tokens asked, from the provider's cache.",
    }),
    tokensEstimated: t.exposeBoolean('tokensEstimated', {
      description:
        'True: the provider did not say all of it, because the caller left, it broke off or the process died. What it ' +
        'did not say is an estimate: of the prompt, and of what was generated until then.',
    }),
    savedTokens: t.exposeInt('savedTokens', {
      nullable: true,
      description:
        'Of an answer out of the response cache: the tokens that it took the first time. Null: the provider was asked.',
    }),
    costMicros: t.expose('costMicros', {
      type: 'BigInt',
      nullable: true,
      description: 'Millionths of the currency; null: no price known.',
    }),
    latencyMs: t.exposeInt('latencyMs', { description: 'Milliseconds from the request to the end of the answer.' }),
    firstTokenMs: t.exposeInt('firstTokenMs', {
      nullable: true,
      description: "Milliseconds to the first byte of the answer's body; null: there was none.",
    }),
    overheadUs: t.exposeInt('overheadUs', { description: 'Microseconds of it that the gateway itself took.' }),
    attempts: t.exposeInt('attempts', { description: 'How often a provider was asked; 0: refused before that.' }),
    requestBytes: t.expose('requestBytes', { type: 'BigInt', description: 'Bytes of the request body.' }),
    responseBytes: t.expose('responseBytes', { type: 'BigInt', description: "Bytes of the answer's body." }),
  }),
})

builder.prismaObjectFields(UsageEntry, (t) => ({
  apiKey: t.loadable({
    type: ApiKey,
    nullable: true,
    description: 'The key it came with.',
    load: (ids: string[], context: Context) => loadKeys(ids, context),
    resolve: ({ keyId }) => keyId,
  }),
  owner: t.loadable({
    type: User,
    nullable: true,
    description: 'The owner of the key at that time.',
    load: (ids: string[], context: Context) => loadOwners(ids, context),
    resolve: ({ ownerId }) => ownerId,
  }),
  provider: t.loadable({
    type: Provider,
    nullable: true,
    description: 'The provider of the key at that time.',
    load: (ids: string[], context: Context) => loadProviders(ids, context),
    resolve: ({ providerId }) => providerId,
  }),
  answeredBy: t.loadable({
    type: Provider,
    nullable: true,
    description:
      'Of a pool, the member that answered, or was asked last: tokens and cost are by its prices. Null: the provider ' +
      'is no pool, or nobody was asked.',
    load: (ids: string[], context: Context) => loadProviders(ids, context),
    resolve: ({ answeredById }) => answeredById,
  }),
}))

const UsageEntryOrder = orderInput('UsageEntry', { STARTED_AT: { description: 'When the request came in.' } })

export const UsageEntryFilter = builder.inputType('UsageEntryFilter', {
  description: 'Narrows the log; what is given must all hold. It never widens what the viewer may see.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'At or after this instant.' }),
    to: t.field({ type: 'DateTime', description: 'Before this instant.' }),
    ownerId: t.id({ description: 'Requests with keys of this person.' }),
    keyId: t.id({ description: 'Requests with this key.' }),
    providerId: t.id({ description: 'Requests with keys of this provider.' }),
    answeredById: t.id({ description: 'Requests that this member of a pool answered, or was asked for last.' }),
    model: t.string({ description: 'Requests that asked for exactly this model.' }),
    status: t.intList({ description: 'With one of these HTTP statuses.' }),
    code: t.stringList({ description: 'With one of these error codes.' }),
    end: t.field({ type: [UsageEnd], description: 'That ended in one of these ways.' }),
    errorsOnly: t.boolean({ description: 'True: only requests with an error code.' }),
  }),
})

builder.queryFields((t) => ({
  usageEntries: t.connection(
    {
      type: UsageEntry,
      description: 'The log of requests: of ones own keys; for administrators and auditors of all.',
      authScopes: { signedIn: true },
      args: {
        filter: t.arg({ type: UsageEntryFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: UsageEntryOrder, description: 'Default: the newest first.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context) =>
        listUsageEntries(signedIn(context), page, filter ?? {}, orderBy?.direction ?? 'DESC'),
    },
    ...named('UsageEntry'),
  ),
  usageEntry: t.field({
    type: UsageEntry,
    nullable: true,
    description: 'One request; null when it does not exist or is not yours to see.',
    authScopes: { signedIn: true },
    args: { id: t.arg.id({ required: true, description: 'The request id.' }) },
    resolve: (_root, { id }, context) => findUsageEntry(signedIn(context), id),
  }),
}))
