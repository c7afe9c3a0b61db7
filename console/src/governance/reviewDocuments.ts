import { graphql, type ResultOf } from '../graphql.ts'

const ReviewRow = graphql(`
  fragment ReviewRow on AccessReview {
    id
    name
    reviewer
    reviewerGroupId
    keyType
    providerId
    ownerId
    expireUnanswered
    repeatDays
    createdAt
    dueAt
    closedAt
    signature
    progress { itemCount keptCount expiredCount }
  }
`)

const ItemRow = graphql(`
  fragment ItemRow on ReviewItem {
    id
    keyId
    keyName
    keyType
    purpose
    ownerName
    providerName
    keyExpiresAt
    lastUsedAt
    requests30
    requests90
    decision
    comment
    decidedByName
    decidedAt
  }
`)

/** A list of keys, frozen when it was made, of which each is kept or ended. */
export type Review = ResultOf<typeof ReviewRow>
export type ReviewItem = ResultOf<typeof ItemRow>

export const ListReviews = graphql(
  `
    query ListReviews($first: Int, $last: Int, $before: String, $after: String) {
      accessReviews(first: $first, last: $last, before: $before, after: $after) {
        nodes { ...ReviewRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [ReviewRow],
)

export const GetReview = graphql(
  `
    query GetReview($id: ID!) {
      accessReview(id: $id) { ...ReviewRow }
    }
  `,
  [ReviewRow],
)

export const ListReviewItems = graphql(
  `
    query ListReviewItems($id: ID!, $open: Boolean, $first: Int, $last: Int, $before: String, $after: String) {
      reviewItems(reviewId: $id, open: $open, first: $first, last: $last, before: $before, after: $after) {
        nodes { ...ItemRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [ItemRow],
)

export const CreateReview = graphql(`
  mutation CreateReview($input: CreateAccessReviewInput!) {
    createAccessReview(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on CreateAccessReviewSuccess { review { id name } }
    }
  }
`)

export const AnswerReviewItems = graphql(`
  mutation AnswerReviewItems($input: AnswerReviewItemsInput!) {
    answerReviewItems(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on AnswerReviewItemsSuccess { items { id } }
    }
  }
`)

export const CloseReview = graphql(`
  mutation CloseReview($input: CloseAccessReviewInput!) {
    closeAccessReview(input: $input) {
      __typename
      ... on Problem { message }
      ... on CloseAccessReviewSuccess { review { id } }
    }
  }
`)
