import { builder } from '../graphql/builder.ts'
import { named } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { idInput } from '../graphql/input.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import type { AccessToken as Row } from './access-token.ts'
import { createAccessToken, listOwnAccessTokens, revokeAccessToken } from './access-tokens.service.ts'

const AccessTokenScopeEnum = builder.enumType('AccessTokenScope', {
  description: 'What an access token may be used for.',
  values: {
    READ: { description: 'To ask. Every token may.' },
    WRITE: { description: 'To change as well, as far as its person may.' },
  },
})

const AccessToken = builder.prismaObject('AccessToken', {
  description: 'A personal access token for this endpoint, without its secret. Visible only to whose it is.',
  authScopes: (token, { viewer }) => token.userId === viewer?.id,
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    name: t.exposeString('name', { description: 'What it is for.' }),
    prefix: t.string({
      description: 'How it begins: `aicp_` and its public id.',
      resolve: ({ publicId }) => `aicp_${publicId}`,
    }),
    lastFour: t.exposeString('lastFour', { description: 'How it ends.' }),
    scopes: t.expose('scopes', { type: [AccessTokenScopeEnum], description: 'What it may be used for.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The first instant at which it no longer works; null: never.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Its last request, at most a minute late; null: never used.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was ended; null: it was not.',
    }),
  }),
})

builder.queryField('accessTokens', (t) =>
  t.connection(
    {
      type: AccessToken,
      description: 'Your own access tokens, ended ones too, the newest first.',
      authScopes: { signedIn: true },
      resolve: (_root, page, context) => listOwnAccessTokens(signedIn(context), page),
    },
    ...named('AccessToken'),
  ),
)

/** A leaked token must not be able to make another one, or to end the ones that would be noticed. */
const scopes = { session: true, write: true } as const

const CreateAccessTokenInput = builder.inputType('CreateAccessTokenInput', {
  description: 'A new access token.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What it is for, 3 to 64 characters.' }),
    scopes: t.field({ type: [AccessTokenScopeEnum], required: true, description: 'WRITE includes READ.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it stops working; null: never.' }),
  }),
})

const CreateAccessTokenSuccess = builder
  .objectRef<{ token: Row; secret: string }>('CreateAccessTokenSuccess')
  .implement({
    description: 'The token was made.',
    fields: (t) => ({
      accessToken: t.field({ type: AccessToken, description: 'The token.', resolve: ({ token }) => token }),
      secret: t.exposeString('secret', { description: 'The whole token, in this answer and never again.' }),
    }),
  })

builder.mutationField('createAccessToken', (t) =>
  t.field({
    type: CreateAccessTokenSuccess,
    description: 'Makes an access token for yourself and shows it, once. Only from a session.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreateAccessTokenInput, required: true, description: 'The new token.' }) },
    errors: result('createAccessToken', []),
    resolve: (_root, { input }, context) => createAccessToken(signedIn(context), input),
  }),
)

const RevokeAccessTokenSuccess = builder.objectRef<Row>('RevokeAccessTokenSuccess').implement({
  description: 'The token has ended.',
  fields: (t) => ({
    accessToken: t.field({ type: AccessToken, description: 'The token.', resolve: (token) => token }),
  }),
})

builder.mutationField('revokeAccessToken', (t) =>
  t.field({
    type: RevokeAccessTokenSuccess,
    description: 'Ends one of your own access tokens at once. Ending it again changes nothing. Only from a session.',
    authScopes: scopes,
    args: {
      input: t.arg({
        type: idInput('RevokeAccessTokenInput', 'access token'),
        required: true,
        description: 'Which token.',
      }),
    },
    errors: result('revokeAccessToken', [NotFound]),
    resolve: (_root, { input }, context) => revokeAccessToken(signedIn(context), input.id),
  }),
)
