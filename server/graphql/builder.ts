import SchemaBuilder from '@pothos/core'
import DataloaderPlugin from '@pothos/plugin-dataloader'
import ErrorsPlugin from '@pothos/plugin-errors'
import PrismaPlugin from '@pothos/plugin-prisma'
import RelayPlugin from '@pothos/plugin-relay'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import { GraphQLError } from 'graphql'
import type PrismaTypes from '../generated/pothos.ts'
import { getDatamodel } from '../generated/pothos.ts'
import { isInstant } from '../lib/text.ts'
import { isAdministrator, seesAll } from '../users/viewer.ts'
import { type Context, forbidden, unauthenticated } from './context.ts'

/** The one builder. Types are added by the domains' `*.graphql.ts` files, never here. */
export const builder = new SchemaBuilder<{
  Context: Context
  PrismaTypes: PrismaTypes
  DefaultFieldNullability: false
  DefaultEdgesNullability: { list: false; items: false }
  DefaultNodeNullability: false
  DefaultAuthStrategy: 'all'
  AuthScopes: {
    /** Anybody, signed in or not. */
    public: boolean
    signedIn: boolean
    /** A browser session, not an access token: for what must not be scripted with a leaked token. */
    session: boolean
    /** May change things: every session, and access tokens with `WRITE`. */
    write: boolean
    /** Administrators and users: an auditor only reads. */
    editor: boolean
    /** Administrators and auditors. */
    reader: boolean
    administrator: boolean
  }
  Scalars: {
    ID: { Input: string; Output: string }
    BigInt: { Input: bigint; Output: bigint | number }
    DateTime: { Input: Date; Output: Date }
    JSON: { Input: unknown; Output: unknown }
  }
  Connection: { countAll: () => Promise<number> }
}>({
  plugins: [ErrorsPlugin, ScopeAuthPlugin, RelayPlugin, PrismaPlugin, DataloaderPlugin],
  defaultFieldNullability: false,
  relay: {
    cursorType: 'String',
    nodesOnConnection: { description: 'The page without cursors.' },
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    pageInfoTypeOptions: { description: 'Where a page lies in its list.' },
    firstArgOptions: { description: 'How many from the start, at most 100. Default 25.' },
    lastArgOptions: { description: 'How many from the end, at most 100.' },
    afterArgOptions: { description: 'Only what comes after this cursor.' },
    beforeArgOptions: { description: 'Only what comes before this cursor.' },
    edgesFieldOptions: { description: 'The page, each with its cursor.', nullable: { list: false, items: false } },
    pageInfoFieldOptions: { description: 'Where this page lies in the list.' },
    cursorFieldOptions: { description: 'Where this one lies in the list; opaque.' },
    nodeFieldOptions: { description: 'The thing itself.', nullable: false },
    hasNextPageFieldOptions: { description: 'True when there is more after this page.' },
    hasPreviousPageFieldOptions: { description: 'True when there is more before this page.' },
    startCursorFieldOptions: { description: 'Cursor of the first on this page; null when it is empty.' },
    endCursorFieldOptions: { description: 'Cursor of the last on this page; null when it is empty.' },
  },
  scopeAuth: {
    authorizeOnSubscribe: true,
    defaultStrategy: 'all',
    unauthorizedError: (_parent, context) => (context.viewer ? forbidden() : unauthenticated()),
    authScopes: ({ viewer }) => ({
      public: true,
      signedIn: viewer !== null,
      session: viewer?.via === 'session',
      write: viewer?.scopes.includes('WRITE') ?? false,
      editor: viewer !== null && viewer.role !== 'AUDITOR',
      reader: viewer !== null && seesAll(viewer),
      administrator: viewer !== null && isAdministrator(viewer),
    }),
  },
  prisma: {
    client: (context) => context.parts.db.prisma,
    dmmf: getDatamodel(),
    exposeDescriptions: false,
    onUnusedQuery: null,
  },
})

builder.queryType({ description: 'What can be asked. Every field says who may ask it.' })
builder.mutationType({
  description:
    'What can be done. Each takes one `input`; each result says what was done, or names the fact that stopped it.',
})

builder.subscriptionType({ description: 'What can be followed, over server-sent events.' })

// Values are refused by a GraphQLError: the reason of any other is not told to the caller.

const WELL_FORMED = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/** False of the 30th of February, which JavaScript takes for the 2nd of March. */
function isDay(text: string): boolean {
  const date = new Date(text)
  return isInstant(date) && date.toISOString().startsWith(text)
}

builder.scalarType('DateTime', {
  description: 'An instant in UTC, ISO 8601 with milliseconds: `2026-11-23T05:30:00.000Z`.',
  serialize: (value) => value.toISOString(),
  parseValue: (value) => {
    const date = typeof value === 'string' && WELL_FORMED.test(value) && isDay(value.slice(0, 10)) && new Date(value)
    if (!date || !isInstant(date)) throw new GraphQLError('must be an ISO 8601 instant with a zone')
    return date
  },
})

builder.scalarType('BigInt', {
  description:
    'A whole number that may not fit a double, as a decimal string. Taken as a number too, where it fits one.',
  serialize: (value) => value.toString(),
  parseValue: (value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
    if (typeof value === 'string' && /^-?\d{1,19}$/.test(value)) return BigInt(value)
    throw new GraphQLError('must be a whole number, as a string when it is a large one')
  },
})

builder.scalarType('JSON', {
  description: 'Any JSON value.',
  serialize: (value) => value,
  parseValue: (value) => value,
})

export const OrderDirection = builder.enumType('OrderDirection', {
  description: 'Which end comes first.',
  values: {
    ASC: { description: 'Smallest, earliest, A first.' },
    DESC: { description: 'Largest, latest, Z first.' },
  },
} as const)

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'How many there are in all pages together, as far as the viewer may see them.',
    resolve: (connection) => connection.countAll(),
  }),
)
