import { graphql, type ResultOf } from '../graphql.ts'

const OperationRow = graphql(`
  fragment OperationRow on EmergencyOperation {
    id
    scope
    subjectId
    subjectName
    actorName
    startedAt
    totalKeys
    endedKeys
    finishedAt
    undoneAt
    undoableUntil
    restoredKeys
    restoredAt
    requestId
  }
`)

/** Many keys ended at once. */
export type Operation = ResultOf<typeof OperationRow>

export const ListOperations = graphql(
  `
    query ListOperations($first: Int, $last: Int, $before: String, $after: String) {
      emergencyOperations(first: $first, last: $last, before: $before, after: $after) {
        nodes { ...OperationRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [OperationRow],
)

export const PreviewEmergency = graphql(`
  query PreviewEmergency($scope: EmergencyScope!, $targetId: ID) {
    previewEmergency(scope: $scope, targetId: $targetId) {
      subjectName
      keyCount
      usedKeyCount
      requestCount
      ownerCount
      applicationCount
      confirmation
      busiest { id name application ownerName requestCount }
    }
  }
`)

export type Preview = NonNullable<ResultOf<typeof PreviewEmergency>['previewEmergency']>

export const ExpireAll = graphql(
  `
    mutation ExpireAll($input: ExpireAllInput!) {
      expireAll(input: $input) {
        __typename
        ... on Problem { message }
        ... on ExpireAllSuccess { operation { ...OperationRow } }
      }
    }
  `,
  [OperationRow],
)

export const UndoEmergency = graphql(
  `
    mutation UndoEmergency($input: UndoEmergencyInput!) {
      undoEmergency(input: $input) {
        __typename
        ... on Problem { message }
        ... on UndoEmergencySuccess { operation { ...OperationRow } }
      }
    }
  `,
  [OperationRow],
)

export const ReportLeakedKey = graphql(`
  mutation ReportLeakedKey($input: ReportLeakedKeyInput!) {
    reportLeakedKey(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on ReportLeakedKeySuccess { matchedCount }
    }
  }
`)
