import { graphql, type ResultOf } from '../graphql.ts'

const NoticeRow = graphql(`
  fragment NoticeRow on Notice {
    id
    at
    kind
    title
    path
    readAt
  }
`)

/** Something the viewer was told. */
export type InboxNotice = ResultOf<typeof NoticeRow>

export const ListNotices = graphql(
  `
    query ListNotices($first: Int, $last: Int, $before: String, $after: String, $filter: NoticeFilter) {
      notices(first: $first, last: $last, before: $before, after: $after, filter: $filter) {
        nodes { ...NoticeRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [NoticeRow],
)

export const CountUnread = graphql(`
  query CountUnread {
    unreadNoticeCount
  }
`)

export const MarkNoticeRead = graphql(`
  mutation MarkNoticeRead($input: MarkNoticeReadInput!) {
    markNoticeRead(input: $input) {
      __typename
      ... on Problem { message }
      ... on MarkNoticeReadSuccess { readCount }
    }
  }
`)
