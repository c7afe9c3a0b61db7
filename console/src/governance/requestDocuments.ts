import { graphql, type ResultOf } from '../graphql.ts'
import { KeyRow } from '../keys/documents.ts'

const RequestRow = graphql(`
  fragment RequestRow on KeyRequest {
    id
    status
    keyId
    keyName
    keyType
    purpose
    application
    environment
    fields { name value }
    providerName
    models
    addresses
    endpoints
    keyExpiresAt
    ownerId
    ownerName
    requesterId
    requesterName
    createdAt
    expiresAt
    decidedAt
    decidedByName
    comment
    claimedAt
  }
`)

/** Somebody asks for a key whose type needs approval. */
export type KeyRequest = ResultOf<typeof RequestRow>

export const ListRequests = graphql(
  `
    query ListRequests($first: Int, $last: Int, $before: String, $after: String, $filter: KeyRequestFilter) {
      keyRequests(first: $first, last: $last, before: $before, after: $after, filter: $filter) {
        nodes { ...RequestRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [RequestRow],
)

export const CountWaiting = graphql(`
  query CountWaiting {
    all: keyRequests(first: 1, filter: { status: [PENDING] }) { totalCount }
    own: keyRequests(first: 1, filter: { status: [PENDING], mine: true }) { totalCount }
  }
`)

export const SelfApproval = graphql(`
  query SelfApproval {
    governanceSettings { selfApprovalAllowed }
  }
`)

export const ApproveKeyRequest = graphql(`
  mutation ApproveKeyRequest($input: ApproveKeyRequestInput!) {
    approveKeyRequest(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on ApproveKeyRequestSuccess { request { id } }
    }
  }
`)

export const DeclineKeyRequest = graphql(`
  mutation DeclineKeyRequest($input: DeclineKeyRequestInput!) {
    declineKeyRequest(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on DeclineKeyRequestSuccess { request { id } }
    }
  }
`)

export const WithdrawKeyRequest = graphql(`
  mutation WithdrawKeyRequest($input: WithdrawKeyRequestInput!) {
    withdrawKeyRequest(input: $input) {
      __typename
      ... on Problem { message }
      ... on WithdrawKeyRequestSuccess { request { id } }
    }
  }
`)

export const ClaimSecret = graphql(
  `
    mutation ClaimSecret($input: ClaimApiKeySecretInput!) {
      claimApiKeySecret(input: $input) {
        __typename
        ... on Problem { message }
        ... on ClaimApiKeySecretSuccess {
          apiKey { ...KeyRow }
          secret
        }
      }
    }
  `,
  [KeyRow],
)
