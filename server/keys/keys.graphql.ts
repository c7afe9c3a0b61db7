import { builder } from '../graphql/builder.ts'
import { named, nodesQuery } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { seesAll } from '../users/viewer.ts'
import { type KeyState, statusOf } from './key.ts'
import { ApiKeyFilter, ApiKeyOrder, ApiKeyStatusEnum } from './key-list.graphql.ts'
import { findApiKey, listApiKeys, listKeyTypes } from './keys.service.ts'
import { EndpointEnum } from './restriction.graphql.ts'
import { isValidSecret, NEWEST_FIRST } from './rotation.ts'

const newest = <Secret>([first]: readonly Secret[]): Secret => {
  if (first === undefined) throw new Error('a key has at least one secret')
  return first
}
const newestFirst = { orderBy: [...NEWEST_FIRST] }
const newestOnly = { secrets: { ...newestFirst, take: 1 } }

builder.prismaObject('KeySecret', {
  description:
    'One secret of a key, without the secret. One works, or two while the key is being rotated; earlier ones stay listed.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    publicId: t.exposeString('publicId', { description: 'The 12 characters after `aic_`. May be shown and logged.' }),
    prefix: t.string({
      description: 'How the secret begins: `aic_` and the public id.',
      resolve: ({ publicId }) => `aic_${publicId}`,
    }),
    lastFour: t.exposeString('lastFour', { description: 'How the secret ends.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the overlap of a rotation ends for it; null: as long as the key, or until the overlap is ended.',
    }),
    supersededAt: t.expose('supersededAt', {
      type: 'DateTime',
      nullable: true,
      description: "When a rotation put a newer one in its place; null: it is the key's current one.",
    }),
    requestCount: t.expose('requestCount', {
      type: 'BigInt',
      description: 'How many requests came with it, refused ones too; at most seconds late.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Its last request, at most seconds late; null: never used.',
    }),
  }),
})

const STATUS_NEEDS = {
  owner: { select: { active: true, deletedAt: true } },
  provider: { select: { enabled: true, deletedAt: true } },
  secrets: { select: { expiresAt: true } },
} as const

type WithState = Omit<KeyState, 'ownerActive' | 'providerEnabled' | 'secretCount'> & {
  readonly owner: { readonly active: boolean; readonly deletedAt: Date | null }
  readonly provider: { readonly enabled: boolean; readonly deletedAt: Date | null }
  readonly secrets: readonly { readonly expiresAt: Date | null }[]
}

function toStatus(key: WithState, now: Date) {
  const ownerActive = key.owner.active && !key.owner.deletedAt
  const providerEnabled = key.provider.enabled && !key.provider.deletedAt
  const secretCount = key.secrets.filter((secret) => isValidSecret(secret, now)).length
  return statusOf({ ...key, ownerActive, providerEnabled, secretCount }, now)
}

export const ApiKey = builder.prismaObject('ApiKey', {
  description: 'A key with which an application calls `/work`. Visible to its owner, administrators and auditors.',
  authScopes: (key, { viewer }) => viewer !== null && (seesAll(viewer) || key.ownerId === viewer.id),
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id. It stays the same when the secret is rotated.' }),
    name: t.exposeString('name', { description: 'Unique among the keys of its owner that are not deleted.' }),
    owner: t.relation('owner', { description: 'The person it belongs to.' }),
    creator: t.relation('creator', { description: 'The person who made it.' }),
    provider: t.relation('provider', { description: 'The provider it opens.' }),
    type: t.exposeString('type', { description: 'One of `keyTypes`.' }),
    purpose: t.exposeString('purpose', { nullable: true, description: 'What it is for; null: not said.' }),
    application: t.exposeString('application', { nullable: true, description: 'What uses it; null: not said.' }),
    environment: t.exposeString('environment', { nullable: true, description: 'Where it is used; null: not said.' }),
    status: t.field({
      type: ApiKeyStatusEnum,
      description: 'Derived at this moment from the key, its owner and its provider.',
      select: STATUS_NEEDS,
      resolve: (key, _args, { parts }) => toStatus(key, parts.clock.now()),
    }),
    models: t.exposeStringList('models', {
      description: 'Names and globs: it may ask only for these models. Empty: no restriction of its own.',
    }),
    addresses: t.exposeStringList('addresses', {
      description: 'Networks (CIDR): it works only from there. Empty: from everywhere.',
    }),
    endpoints: t.expose('endpoints', {
      type: [EndpointEnum],
      description: 'The endpoints it may use. Empty: all.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The first instant at which it no longer works; null: never.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Its last request, at most seconds late; null: never used.',
    }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was deleted; it can be restored for 30 days. Null: it is not deleted.',
    }),
    publicId: t.string({
      description: 'The public id of the newest secret.',
      select: newestOnly,
      resolve: ({ secrets }) => newest(secrets).publicId,
    }),
    prefix: t.string({
      description: 'How the newest secret begins: `aic_` and its public id.',
      select: newestOnly,
      resolve: ({ secrets }) => `aic_${newest(secrets).publicId}`,
    }),
    lastFour: t.string({
      description: 'How the newest secret ends.',
      select: newestOnly,
      resolve: ({ secrets }) => newest(secrets).lastFour,
    }),
    secrets: t.relation('secrets', { query: newestFirst, description: 'Its secrets, the newest first.' }),
  }),
})

builder.queryFields((t) => ({
  apiKeys: t.connection(
    {
      type: ApiKey,
      description:
        'Keys: ones own; for administrators and auditors all. Deleted ones only when the filter asks for them.',
      authScopes: { signedIn: true },
      args: {
        filter: t.arg({ type: ApiKeyFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: ApiKeyOrder, description: 'Default: the newest first.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context, info) => {
        const query = nodesQuery(context, info)
        const order = orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
        return listApiKeys(signedIn(context), page, filter ?? {}, order, query)
      },
    },
    ...named('ApiKey'),
  ),
  apiKey: t.field({
    type: ApiKey,
    nullable: true,
    description: 'One key; null when it does not exist or is not yours to see.',
    authScopes: { signedIn: true },
    args: { id: t.arg.id({ required: true, description: 'The id of the key.' }) },
    resolve: (_root, { id }, context) => findApiKey(signedIn(context), id),
  }),
  keyTypes: t.stringList({
    description: "The names a key's `type` can have.",
    authScopes: { signedIn: true },
    resolve: (_root, _args, context) => listKeyTypes(signedIn(context)),
  }),
}))
