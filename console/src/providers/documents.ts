import { graphql, type ResultOf } from '../graphql.ts'

const ProviderRow = graphql(`
  fragment ProviderRow on Provider {
    id
    name
    kind
    enabled
    breakerState
    repeatsUnanswered
    members { provider { id name } order weight models { from to } }
    wireFormat
    apiVersion
    baseUrl
    authType
    authHeader
    credentialLastFour
    enabledModels
    models
    discoveredModels
    discoveredAt
    connectTimeoutMs
    firstByteTimeoutMs
    idleTimeoutMs
    totalTimeoutMs
    maxConcurrency
    createdAt
  }
`)

/** A provider as administrators and auditors see it; its credential is never read back. */
export type Provider = ResultOf<typeof ProviderRow>

export const ListProviders = graphql(
  `
    query ListProviders($first: Int, $last: Int, $before: String, $after: String, $filter: ProviderFilter, $orderBy: ProviderOrder) {
      providers(first: $first, last: $last, before: $before, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes { ...ProviderRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [ProviderRow],
)

export const GetProvider = graphql(
  `
    query GetProvider($id: ID!) {
      provider(id: $id) { ...ProviderRow }
    }
  `,
  [ProviderRow],
)

export const CountKeysOfProvider = graphql(`
  query CountKeysOfProvider($id: ID!) {
    apiKeys(first: 1, filter: { providerId: $id }) { totalCount }
  }
`)

export const CreateProvider = graphql(`
  mutation CreateProvider($input: CreateProviderInput!) {
    createProvider(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on CreateProviderSuccess { provider { id name } }
    }
  }
`)

export const UpdateProvider = graphql(`
  mutation UpdateProvider($input: UpdateProviderInput!) {
    updateProvider(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on UpdateProviderSuccess { provider { id name } }
    }
  }
`)

export const DeleteProvider = graphql(`
  mutation DeleteProvider($input: DeleteProviderInput!) {
    deleteProvider(input: $input) {
      __typename
      ... on Problem { message }
      ... on DeleteProviderSuccess { provider { id } }
    }
  }
`)

export const TestProvider = graphql(`
  mutation TestProvider($input: TestProviderInput!) {
    testProvider(input: $input) {
      __typename
      ... on Problem { message }
      ... on TestProviderSuccess {
        reachable status latencyMs models message
        members { provider { id name } reachable message latencyMs }
      }
    }
  }
`)

export const DiscoverModels = graphql(
  `
    mutation DiscoverModels($input: DiscoverModelsInput!) {
      discoverModels(input: $input) {
        __typename
        ... on Problem { message }
        ... on DiscoverModelsSuccess { provider { ...ProviderRow } }
      }
    }
  `,
  [ProviderRow],
)
