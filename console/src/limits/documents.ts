import { graphql, type ResultOf } from '../graphql.ts'

export const LimitMeter = graphql(`
  fragment LimitMeter on Limit {
    id
    name
    target
    metric
    period
    amount
    effectiveAmount
    raisedAmount
    raisedUntil
    used
    reserved
    remaining
    resetsAt
    modelPattern
    enabled
  }
`)

/** A limit and how far it is used; all that the holder of a key sees of it. */
export type Meter = ResultOf<typeof LimitMeter>

const LimitRow = graphql(
  `
    fragment LimitRow on Limit {
      ...LimitMeter
      allowUnpriced
      createdAt
      deletedAt
      key { id name }
      user { id username displayName }
      group { id name }
      provider { id name }
    }
  `,
  [LimitMeter],
)

export type Limit = ResultOf<typeof LimitRow>

export const ListLimits = graphql(
  `
    query ListLimits($first: Int, $last: Int, $before: String, $after: String, $filter: LimitFilter, $orderBy: LimitOrder) {
      limits(first: $first, last: $last, before: $before, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes { ...LimitRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [LimitRow],
)

export const GetLimit = graphql(
  `
    query GetLimit($id: ID!) {
      limit(id: $id) { ...LimitRow }
    }
  `,
  [LimitRow],
)

export const LimitsOfKey = graphql(
  `
    query LimitsOfKey($id: ID!) {
      apiKey(id: $id) {
        id
        limits { ...LimitMeter }
      }
    }
  `,
  [LimitMeter],
)

export const CreateLimit = graphql(`
  mutation CreateLimit($input: CreateLimitInput!) {
    createLimit(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on CreateLimitSuccess { limit { id } }
    }
  }
`)

export const UpdateLimit = graphql(`
  mutation UpdateLimit($input: UpdateLimitInput!) {
    updateLimit(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on UpdateLimitSuccess { limit { id } }
    }
  }
`)

export const DeleteLimit = graphql(`
  mutation DeleteLimit($input: DeleteLimitInput!) {
    deleteLimit(input: $input) {
      __typename
      ... on Problem { message }
      ... on DeleteLimitSuccess { limit { id } }
    }
  }
`)

export const TryLimit = graphql(`
  query TryLimit($input: TryLimitInput!) {
    tryLimit(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on TryLimitSuccess {
        from
        to
        requests
        refusedRequests
        refusedKeys
        refusedUsers
        passedOnRequests
        unpricedRequests
        examples {
          model
          requests
          firstAt
          apiKey { id name }
          owner { id displayName }
          provider { id name }
        }
      }
    }
  }
`)
