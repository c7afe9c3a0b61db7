import { graphql, type ResultOf } from '../graphql.ts'

const AuditRow = graphql(`
  fragment AuditRow on AuditEntry {
    id: seq
    seq
    at
    action
    actorId
    actorName
    via
    address
    requestId
    subjectType
    subjectId
    subjectName
    before
    after
    hash
  }
`)

/** One change or sign-in event, as it was recorded for good. */
export type AuditEntry = ResultOf<typeof AuditRow>

export const ListAudit = graphql(
  `
    query ListAudit($first: Int, $last: Int, $before: String, $after: String, $filter: AuditEntryFilter) {
      auditEntries(first: $first, last: $last, before: $before, after: $after, filter: $filter) {
        nodes { ...AuditRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [AuditRow],
)

export const ShowKeyHistory = graphql(`
  query ShowKeyHistory($id: ID!, $first: Int, $last: Int, $before: String, $after: String) {
    apiKey(id: $id) {
      id
      changes(first: $first, last: $last, before: $before, after: $after) {
        nodes { seq at actorName action before after }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
`)

export const VerifyChain = graphql(`
  query VerifyChain {
    verifyAuditChain { entries head brokenAt }
  }
`)
