import { graphql, type ResultOf } from '../graphql.ts'

const UserRow = graphql(`
  fragment UserRow on User {
    id
    username
    displayName
    email
    role
    active
    createdAt
    createdBy { id displayName }
    deletedAt
    keyCount
  }
`)

/** A person as administrators and auditors see them. */
export type User = ResultOf<typeof UserRow>

export const ListUsers = graphql(
  `
    query ListUsers($first: Int, $last: Int, $before: String, $after: String, $filter: UserFilter, $orderBy: UserOrder) {
      users(first: $first, last: $last, before: $before, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes { ...UserRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [UserRow],
)

export const CreateUser = graphql(`
  mutation CreateUser($input: CreateUserInput!) {
    createUser(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on CreateUserSuccess {
        user { id displayName }
        setPasswordUrl
      }
    }
  }
`)

export const UpdateUser = graphql(`
  mutation UpdateUser($input: UpdateUserInput!) {
    updateUser(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on UpdateUserSuccess { user { id } }
    }
  }
`)

export const DeleteUser = graphql(`
  mutation DeleteUser($input: DeleteUserInput!) {
    deleteUser(input: $input) {
      __typename
      ... on Problem { message }
      ... on DeleteUserSuccess { user { id } }
    }
  }
`)

export const ResetPassword = graphql(`
  mutation ResetPassword($input: ResetPasswordInput!) {
    resetPassword(input: $input) {
      __typename
      ... on Problem { message }
      ... on ResetPasswordSuccess { setPasswordUrl }
    }
  }
`)

export const ChangePassword = graphql(`
  mutation ChangePassword($input: ChangePasswordInput!) {
    changePassword(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
    }
  }
`)

const SessionRow = graphql(`
  fragment SessionRow on Session {
    id
    createdAt
    lastSeenAt
    expiresAt
    address
    userAgent
    current
  }
`)

export const ListSessions = graphql(
  `
    query ListSessions($first: Int, $last: Int, $before: String, $after: String) {
      sessions(first: $first, last: $last, before: $before, after: $after) {
        nodes { ...SessionRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  `,
  [SessionRow],
)

export const EndSession = graphql(`
  mutation EndSession($input: EndSessionInput!) {
    endSession(input: $input) {
      __typename
      ... on Problem { message }
    }
  }
`)

const TokenRow = graphql(`
  fragment TokenRow on AccessToken {
    id
    name
    prefix
    lastFour
    scopes
    createdAt
    expiresAt
    lastUsedAt
    revokedAt
  }
`)
export type AccessToken = ResultOf<typeof TokenRow>

export const ListTokens = graphql(
  `
    query ListTokens($first: Int, $last: Int, $before: String, $after: String) {
      accessTokens(first: $first, last: $last, before: $before, after: $after) {
        nodes { ...TokenRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  `,
  [TokenRow],
)

export const CreateAccessToken = graphql(
  `
    mutation CreateAccessToken($input: CreateAccessTokenInput!) {
      createAccessToken(input: $input) {
        __typename
        ... on Problem { message }
        ... on InvalidInput { issues { path message } }
        ... on CreateAccessTokenSuccess {
          accessToken { ...TokenRow }
          secret
        }
      }
    }
  `,
  [TokenRow],
)

export const RevokeAccessToken = graphql(`
  mutation RevokeAccessToken($input: RevokeAccessTokenInput!) {
    revokeAccessToken(input: $input) {
      __typename
      ... on Problem { message }
    }
  }
`)
