import { graphql, type ResultOf } from '../graphql.ts'

const PolicyRow = graphql(`
  fragment PolicyRow on Policy {
    id
    keyType
    namingPattern
    namingExamples
    namingCounterexamples
    requiredDetails
    fields { name required choices }
    defaultLifetimeDays
    maxLifetimeDays
    neverAllowed
    approvalRequired
    approverGroupId
    maxKeysPerUser
    providerIds
    models
    addresses
    endpoints
    idleDays
    rotationDays
    defaultLimits { metric period amount allowUnpriced }
  }
`)

/** How keys of one type are made. */
export type Policy = ResultOf<typeof PolicyRow>

export const ListPolicies = graphql(
  `
    query ListPolicies {
      keyTypes
      policies(first: 100) {
        nodes { ...PolicyRow }
      }
    }
  `,
  [PolicyRow],
)

export const CreatePolicy = graphql(`
  mutation CreatePolicy($input: CreatePolicyInput!) {
    createPolicy(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on CreatePolicySuccess { policy { id } }
    }
  }
`)

export const UpdatePolicy = graphql(`
  mutation UpdatePolicy($input: UpdatePolicyInput!) {
    updatePolicy(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on UpdatePolicySuccess { policy { id } }
    }
  }
`)

export const SetDefaultLimits = graphql(`
  mutation SetDefaultLimits($input: SetDefaultLimitsInput!) {
    setDefaultLimits(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on SetDefaultLimitsSuccess { policy { id } }
    }
  }
`)

export const DeletePolicy = graphql(`
  mutation DeletePolicy($input: DeletePolicyInput!) {
    deletePolicy(input: $input) {
      __typename
      ... on Problem { message }
      ... on DeletePolicySuccess { policy { id } }
    }
  }
`)

const Rollout = graphql(`
  fragment PolicyRollout on PolicyRollout {
    id
    choice
    actorName
    startedAt
    brokenKeys
    totalKeys
    doneKeys
    changedKeys
    finishedAt
  }
`)

/** What is done about keys that are older than the rules. */
export type PolicyRollout = ResultOf<typeof Rollout>

export const ShowRollout = graphql(
  `
    query ShowRollout($keyType: String!) {
      policy(keyType: $keyType) {
        id
        rollout { ...PolicyRollout }
      }
    }
  `,
  [Rollout],
)

export const ApplyPolicy = graphql(
  `
    mutation ApplyPolicy($input: ApplyPolicyInput!) {
      applyPolicy(input: $input) {
        __typename
        ... on Problem { message }
        ... on ApplyPolicySuccess { rollout { ...PolicyRollout } }
      }
    }
  `,
  [Rollout],
)

export const CreateKeyType = graphql(`
  mutation CreateKeyType($input: CreateKeyTypeInput!) {
    createKeyType(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on CreateKeyTypeSuccess { name }
    }
  }
`)

export const DeleteKeyType = graphql(`
  mutation DeleteKeyType($input: DeleteKeyTypeInput!) {
    deleteKeyType(input: $input) {
      __typename
      ... on Problem { message }
      ... on DeleteKeyTypeSuccess { name }
    }
  }
`)

export const PreviewPolicy = graphql(`
  query PreviewPolicy($keyType: String!, $rules: PolicyRulesInput!, $after: String) {
    previewPolicy(keyType: $keyType, rules: $rules, first: 10, after: $after) {
      checkedCount
      brokenCount
      crowdedOwnerCount
      endCursor
      breaches {
        messages
        apiKey { id name expiresAt owner { id displayName } }
      }
    }
  }
`)

export type PolicyPreview = ResultOf<typeof PreviewPolicy>['previewPolicy']
