import type { FakeProvider } from '../fake-provider.ts'
import {
  type GraphqlAnswer,
  type GraphqlClient,
  graphqlClient,
  mutationDocument,
  type Outcome,
  postGraphql,
  sessionCookie,
  successOf,
} from './graphql.ts'
import type { Product } from './process.ts'

export type KeyRow = { readonly id: string; readonly name: string; readonly status: string; readonly publicId: string }
export type UsageRow = {
  readonly id: string
  readonly status: number
  readonly code: string | null
  readonly end: string
  readonly streamed: boolean
  readonly endpoint: string
  readonly modelAsked: string | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
}

/** A key somebody holds, and what may be done with it next. */
export type Key = {
  readonly id: string
  readonly name: string
  readonly secret: string
  /** Posts a JSON body to `/work` + path with this key as Bearer. */
  readonly post: (body: object, path?: string, init?: RequestInit) => Promise<Response>
  readonly expire: () => Promise<KeyRow>
  readonly delete: () => Promise<KeyRow>
  readonly restore: () => Promise<KeyRow>
}

export type ProviderHandle = { readonly id: string; readonly name: string }

/** Somebody who is signed in. */
export type Person = {
  readonly id: string
  readonly username: string
  readonly password: string
  readonly api: GraphqlClient
  readonly key: (provider: ProviderHandle, input?: object) => Promise<Key>
  readonly accessToken: (scopes?: readonly string[]) => Promise<GraphqlClient>
  /** All usage entries this person may see, oldest first. */
  readonly usageEntries: (filter?: object) => Promise<readonly UsageRow[]>
}

export type Admin = Person & {
  /** A provider that stands for the fake one; every name that begins with `fake`, `gpt`, `text` or `claude` is enabled. */
  readonly provider: (fake: Pick<FakeProvider, 'url'>, input?: object) => Promise<ProviderHandle>
  readonly user: (username: string, role?: string) => Promise<Person>
}

export const password = 'correct horse battery staple'

let names = 0
/** A name nothing else in this process has. */
export function freshName(word: string): string {
  names += 1
  return `${word} ${names}`
}

const keyFields = 'id name status publicId'

function keyHandle(product: Product, api: GraphqlClient, row: KeyRow, secret: string): Key {
  const change = async (mutation: string): Promise<KeyRow> => {
    const { apiKey } = await api.mutate<{ apiKey: KeyRow }>(mutation, { id: row.id }, `apiKey { ${keyFields} }`)
    return apiKey
  }
  return {
    id: row.id,
    name: row.name,
    secret,
    post: (body, path = '', init = {}) =>
      fetch(`${product.url}/work${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ...init,
      }),
    expire: () => change('expireApiKey'),
    delete: () => change('deleteApiKey'),
    restore: () => change('restoreApiKey'),
  }
}

const usageDocument = `query Usage($filter: UsageEntryFilter, $after: String) {
  usageEntries(first: 100, after: $after, filter: $filter, orderBy: { field: STARTED_AT, direction: ASC }) {
    nodes { id status code end streamed endpoint modelAsked inputTokens outputTokens }
    pageInfo { hasNextPage endCursor }
  }
}`

type UsagePage = {
  readonly usageEntries: {
    readonly nodes: readonly UsageRow[]
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  }
}

async function readUsage(api: GraphqlClient, filter?: object): Promise<readonly UsageRow[]> {
  const rows: UsageRow[] = []
  let after: string | null = null
  for (;;) {
    const { usageEntries }: UsagePage = await api.query<UsagePage>(usageDocument, { filter, after })
    rows.push(...usageEntries.nodes)
    if (!usageEntries.pageInfo.hasNextPage) return rows
    after = usageEntries.pageInfo.endCursor
  }
}

function person(product: Product, api: GraphqlClient, who: { id: string; username: string }): Person {
  return {
    ...who,
    password,
    api,
    key: async (provider, input = {}) => {
      const fields = `apiKey { ${keyFields} } secret`
      const wished = { name: freshName('Key'), providerId: provider.id, ...input }
      const made = await api.mutate<{ apiKey: KeyRow; secret: string | null }>('createApiKey', wished, fields)
      if (made.secret === null) throw new Error('a new key came without its secret')
      return keyHandle(product, api, made.apiKey, made.secret)
    },
    accessToken: async (scopes = ['READ', 'WRITE']) => {
      const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
      const wished = { name: freshName('Token'), scopes, expiresAt }
      const { secret } = await api.mutate<{ secret: string }>('createAccessToken', wished, 'secret')
      return graphqlClient(product.url, { token: secret })
    },
    usageEntries: (filter) => readUsage(api, filter),
  }
}

type Entry = Readonly<Record<string, string>> & { readonly username: string }

async function enter(product: Product, mutation: string, input: Entry): Promise<Person> {
  const response = await postGraphql(product.url, {}, mutationDocument(mutation, 'viewer { id }'), { input })
  const answer = (await response.json()) as GraphqlAnswer<Record<string, Outcome>>
  const { viewer } = successOf<{ viewer: { id: string } }>(answer, mutation)
  const api = graphqlClient(product.url, { cookie: sessionCookie(response) })
  return person(product, api, { id: viewer.id, username: input.username })
}

/** Signs in with the password that every person of these tests has. */
export function signIn(product: Product, username: string): Promise<Person> {
  return enter(product, 'signIn', { username, password })
}

/** Somebody who is signed in and an administrator. */
export function asAdmin(product: Product, self: Person): Admin {
  return {
    ...self,
    provider: async (fake, input = {}) => {
      const wished = {
        name: freshName('Fake'),
        baseUrl: `${fake.url}/v1`,
        wireFormat: 'OPENAI',
        authType: 'BEARER',
        credential: 'sk-fake-credential',
        enabledModels: ['fake*', 'gpt*', 'text*', 'claude*'],
        ...input,
      }
      const { provider } = await self.api.mutate<{ provider: ProviderHandle }>(
        'createProvider',
        wished,
        'provider { id name }',
      )
      return provider
    },
    user: async (username, role = 'USER') => {
      const wished = { username, displayName: username, email: `${username}@example.com`, role, password }
      await self.api.mutate('createUser', wished, 'user { id }')
      return signIn(product, username)
    },
  }
}

/** Uses the setup token: the first administrator of a fresh product. */
export async function setUp(product: Product): Promise<Admin> {
  const self = await enter(product, 'completeSetup', {
    token: product.setupToken,
    username: 'admin',
    displayName: 'Ada Admin',
    email: 'admin@example.com',
    password,
  })
  return asAdmin(product, self)
}
