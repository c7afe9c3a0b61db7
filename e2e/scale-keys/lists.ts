import type { GraphqlClient } from '../product/graphql.ts'

type Page = {
  readonly apiKeys: {
    readonly nodes: readonly { readonly id: string }[]
    readonly pageInfo: { readonly endCursor: string | null }
    readonly totalCount: number
  }
}

/** What the console asks for its list of keys. */
const LIST = `query ListKeys($first: Int, $last: Int, $before: String, $after: String, $filter: ApiKeyFilter, $orderBy: ApiKeyOrder) {
  apiKeys(first: $first, last: $last, before: $before, after: $after, filter: $filter, orderBy: $orderBy) {
    nodes {
      id name type purpose application environment status createdAt expiresAt lastUsedAt deletedAt prefix lastFour
      models addresses endpoints
      owner { id username displayName } creator { id username displayName } provider { id name }
      usage { daily last24Hours { requests errors } last30Days { requests errors inputTokens outputTokens cachedTokens costMicros unpriced } }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}`

type Asked = { readonly filter?: object; readonly orderBy?: object; readonly last?: number; readonly after?: string }

/** One page of the list as the console has it. */
export async function list(api: GraphqlClient, asked: Asked = {}): Promise<Page['apiKeys']> {
  const size = asked.last === undefined ? { first: 50 } : {}
  return (await api.query<Page>(LIST, { ...size, ...asked })).apiKeys
}

const orders = ['NAME', 'CREATED_AT', 'EXPIRES_AT', 'LAST_USED_AT'].flatMap((field) =>
  ['ASC', 'DESC'].map((direction) => ({ field, direction })),
)

const DAY_MS = 86_400_000

const filters = (): Readonly<Record<string, object>> => ({
  'search that finds one': { search: 'service-123-0500123' },
  'search that finds thousands': { search: 'service-123' },
  'search that finds nearly all': { search: 'service' },
  'search that finds none': { search: 'nothing like it' },
  'search of a public id': { search: 'aic_0c' },
  active: { status: ['ACTIVE'] },
  expiring: { status: ['EXPIRING'] },
  expired: { status: ['EXPIRED'] },
  disabled: { status: ['DISABLED'] },
  pending: { status: ['PENDING'] },
  rotating: { status: ['ROTATING'] },
  deleted: { deleted: true },
  'one type': { type: ['Production'] },
  'one application': { application: 'application 77' },
  'one environment': { environment: 'staging' },
  'never used': { neverUsed: true },
  'expires within 30 days': { expiresBefore: new Date(Date.now() + 30 * DAY_MS).toISOString() },
})

/** A cursor of the middle of a list: a page in the depth is as quick as the first. */
const cursorOf = (value: string | null) =>
  Buffer.from(JSON.stringify([value, '80000000-0000-4000-8000-000000000000'])).toString('base64url')

const middle: Readonly<Record<string, string>> = {
  NAME: 'service-3000-0500000',
  CREATED_AT: new Date(Date.now() - 350 * DAY_MS).toISOString(),
  EXPIRES_AT: new Date(Date.now() + 90 * DAY_MS).toISOString(),
  LAST_USED_AT: new Date(Date.now() - 100 * DAY_MS).toISOString(),
}

/** Every page the console can ask for, with a name for each. */
export function pages(): readonly (readonly [name: string, asked: Asked])[] {
  const sorted = orders.map((orderBy) => [`by ${orderBy.field} ${orderBy.direction}`, { orderBy }] as const)
  const deep = orders.map((orderBy) => {
    const after = cursorOf(middle[orderBy.field] ?? null)
    return [`by ${orderBy.field} ${orderBy.direction}, in the middle`, { orderBy, after }] as const
  })
  const ends = orders.map(
    (orderBy) => [`by ${orderBy.field} ${orderBy.direction}, the last`, { orderBy, last: 50 }] as const,
  )
  const filtered = Object.entries(filters()).flatMap(([name, filter]) => [
    [name, { filter }] as const,
    [`${name}, by name`, { filter, orderBy: { field: 'NAME', direction: 'ASC' } }] as const,
  ])
  return [...sorted, ...deep, ...ends, ...filtered]
}
