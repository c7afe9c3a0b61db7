import { graphql, type ResultOf } from '../graphql.ts'
import { LimitMeter } from '../limits/documents.ts'

export const KeyRow = graphql(`
  fragment KeyRow on ApiKey {
    id
    name
    type
    purpose
    application
    environment
    status
    createdAt
    expiresAt
    lastUsedAt
    deletedAt
    prefix
    lastFour
    models
    addresses
    endpoints
    cacheSeconds
    fields { name value }
    owner { id username displayName }
    creator { id username displayName }
    provider { id name }
    review { reviewId name decision decidedAt dueAt closedAt }
    usage {
      daily
      last24Hours { requests errors }
      last30Days { requests errors inputTokens outputTokens cachedTokens costMicros unpriced }
    }
  }
`)

/** A key as every list and dialog of the console knows it. It never holds a secret. */
export type Key = ResultOf<typeof KeyRow>

/** What a list shows besides: the limits that concern it. */
const ListedKey = graphql(
  `
    fragment ListedKey on ApiKey {
      ...KeyRow
      limits { ...LimitMeter }
    }
  `,
  [KeyRow, LimitMeter],
)

export const ListKeys = graphql(
  `
    query ListKeys($first: Int, $last: Int, $before: String, $after: String, $filter: ApiKeyFilter, $orderBy: ApiKeyOrder) {
      apiKeys(first: $first, last: $last, before: $before, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes { ...ListedKey }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [ListedKey],
)

export const FindKeys = graphql(`
  query FindKeys($search: String) {
    apiKeys(first: 12, filter: { search: $search }) {
      nodes { id name prefix lastFour owner { id displayName } }
    }
  }
`)

export const GetKeyName = graphql(`
  query GetKeyName($id: ID!) {
    apiKey(id: $id) { id name }
  }
`)

export const GetKey = graphql(
  `
    query GetKey($id: ID!) {
      apiKey(id: $id) {
        ...KeyRow
        secrets { id prefix lastFour createdAt expiresAt lastUsedAt supersededAt requestCount }
      }
    }
  `,
  [KeyRow],
)

export const WatchFirstRequest = graphql(`
  query WatchFirstRequest($id: ID!) {
    apiKey(id: $id) {
      id
      secrets { id lastUsedAt }
    }
  }
`)

export const KeyTypes = graphql(`
  query KeyTypes {
    keyTypes
  }
`)

export const CreateApiKey = graphql(
  `
    mutation CreateApiKey($input: CreateApiKeyInput!) {
      createApiKey(input: $input) {
        __typename
        ... on Problem { message }
        ... on InvalidInput { issues { path message } }
        ... on CreateApiKeySuccess {
          apiKey { ...KeyRow }
          secret
        }
      }
    }
  `,
  [KeyRow],
)

export const UpdateApiKey = graphql(`
  mutation UpdateApiKey($input: UpdateApiKeyInput!) {
    updateApiKey(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on UpdateApiKeySuccess { apiKey { id } }
    }
  }
`)

export const ExpireApiKey = graphql(`
  mutation ExpireApiKey($input: ExpireApiKeyInput!) {
    expireApiKey(input: $input) {
      __typename
      ... on Problem { message }
      ... on ExpireApiKeySuccess { apiKey { id } }
    }
  }
`)

export const ExpireApiKeys = graphql(`
  mutation ExpireApiKeys($input: ExpireApiKeysInput!) {
    expireApiKeys(input: $input) {
      __typename
      ... on Problem { message }
      ... on ExpireApiKeysSuccess { expiredCount }
    }
  }
`)

export const DeleteApiKey = graphql(`
  mutation DeleteApiKey($input: DeleteApiKeyInput!) {
    deleteApiKey(input: $input) {
      __typename
      ... on Problem { message }
      ... on DeleteApiKeySuccess { apiKey { id } }
    }
  }
`)

export const RestoreApiKey = graphql(`
  mutation RestoreApiKey($input: RestoreApiKeyInput!) {
    restoreApiKey(input: $input) {
      __typename
      ... on Problem { message }
      ... on RestoreApiKeySuccess { apiKey { id } }
    }
  }
`)

export const RotateApiKey = graphql(
  `
    mutation RotateApiKey($input: RotateApiKeyInput!) {
      rotateApiKey(input: $input) {
        __typename
        ... on Problem { message }
        ... on InvalidInput { issues { path message } }
        ... on RotateApiKeySuccess {
          apiKey { ...KeyRow }
          secret
        }
      }
    }
  `,
  [KeyRow],
)

export const EndOverlap = graphql(`
  mutation EndOverlap($input: EndOverlapInput!) {
    endOverlap(input: $input) {
      __typename
      ... on Problem { message }
      ... on EndOverlapSuccess { apiKey { id } }
    }
  }
`)
