import { graphql, type ResultOf } from '../graphql.ts'

const GroupRow = graphql(`
  fragment GroupRow on Group {
    id
    name
    createdAt
    memberCount
    ruleCount
  }
`)

/** People who share rules and limits. */
export type Group = ResultOf<typeof GroupRow>

export const ListGroups = graphql(
  `
    query ListGroups($first: Int, $last: Int, $before: String, $after: String, $filter: GroupFilter, $orderBy: GroupOrder) {
      groups(first: $first, last: $last, before: $before, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes { ...GroupRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [GroupRow],
)

export const ListMembers = graphql(`
  query ListMembers($id: ID!, $first: Int, $last: Int, $before: String, $after: String) {
    group(id: $id) {
      id
      members(first: $first, last: $last, before: $before, after: $after) {
        nodes { id username displayName }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
`)

export const CreateGroup = graphql(`
  mutation CreateGroup($input: CreateGroupInput!) {
    createGroup(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on CreateGroupSuccess { group { id name } }
    }
  }
`)

export const UpdateGroup = graphql(`
  mutation UpdateGroup($input: UpdateGroupInput!) {
    updateGroup(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on UpdateGroupSuccess { group { id name } }
    }
  }
`)

export const DeleteGroup = graphql(`
  mutation DeleteGroup($input: DeleteGroupInput!) {
    deleteGroup(input: $input) {
      __typename
      ... on Problem { message }
      ... on DeleteGroupSuccess { group { id } }
    }
  }
`)
