import { graphql, type ResultOf } from '../graphql.ts'
import { LimitMeter } from '../limits/documents.ts'

const RuleRow = graphql(`
  fragment RuleRow on Rule {
    id
    name
    description
    enabled
    effect
    modelPattern
    cacheSeconds
    cacheShared
    role
    createdAt
    deletedAt
    user { id username displayName }
    group { id name }
    provider { id name }
  }
`)

/** Who may, or may not, ask which provider for which models. */
export type Rule = ResultOf<typeof RuleRow>

export const ListRules = graphql(
  `
    query ListRules($first: Int, $last: Int, $before: String, $after: String, $filter: RuleFilter, $orderBy: RuleOrder) {
      rules(first: $first, last: $last, before: $before, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes { ...RuleRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [RuleRow],
)

export const GetRule = graphql(
  `
    query GetRule($id: ID!) {
      rule(id: $id) { ...RuleRow }
    }
  `,
  [RuleRow],
)

export const CreateRule = graphql(`
  mutation CreateRule($input: CreateRuleInput!) {
    createRule(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on CreateRuleSuccess { rule { id name } }
    }
  }
`)

export const UpdateRule = graphql(`
  mutation UpdateRule($input: UpdateRuleInput!) {
    updateRule(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on UpdateRuleSuccess { rule { id name } }
    }
  }
`)

export const DeleteRule = graphql(`
  mutation DeleteRule($input: DeleteRuleInput!) {
    deleteRule(input: $input) {
      __typename
      ... on Problem { message }
      ... on DeleteRuleSuccess { rule { id } }
    }
  }
`)

export const TryRule = graphql(`
  query TryRule($input: TryRuleInput!) {
    tryRule(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on TryRuleSuccess {
        requests
        newlyRefused { requests keys users }
        newlyAllowed { requests keys users }
        examples {
          allowed
          model
          requests
          apiKey { id name }
          owner { id displayName }
          provider { id name }
        }
      }
    }
  }
`)

export const ExplainAccess = graphql(
  `
    query ExplainAccess($model: String!, $keyId: ID, $userId: ID, $providerId: ID, $endpoint: Endpoint, $address: String) {
      explainAccess(model: $model, keyId: $keyId, userId: $userId, providerId: $providerId, endpoint: $endpoint, address: $address) {
        allowed
        refusedBy { layer message }
        verdicts { layer allowed message id name }
        limits { allowed message limit { ...LimitMeter } }
      }
    }
  `,
  [LimitMeter],
)
