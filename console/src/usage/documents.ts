import { graphql, type ResultOf } from '../graphql.ts'

const EntryRow = graphql(`
  fragment EntryRow on UsageEntry {
    id
    startedAt
    apiKey { id name prefix lastFour }
    owner { id username displayName }
    provider { id name }
    answeredBy { id name }
    attempts
    endpoint
    modelAsked
    modelAnswered
    status
    code
    end
    streamed
    inputTokens
    outputTokens
    cachedTokens
    savedTokens
    tokensEstimated
    costMicros
    latencyMs
    firstTokenMs
    overheadUs
    refusedBy { type id name }
    requestBytes
    responseBytes
  }
`)

/** One request to /work, as it was recorded. */
export type Entry = ResultOf<typeof EntryRow>

export const ListEntries = graphql(
  `
    query ListEntries($first: Int, $last: Int, $before: String, $after: String, $filter: UsageEntryFilter) {
      usageEntries(first: $first, last: $last, before: $before, after: $after, filter: $filter, orderBy: { field: STARTED_AT, direction: DESC }) {
        nodes { ...EntryRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [EntryRow],
)

export const GetEntry = graphql(
  `
    query GetEntry($id: ID!) {
      usageEntry(id: $id) { ...EntryRow }
    }
  `,
  [EntryRow],
)

const Point = graphql(`
  fragment Point on UsagePoint {
    start
    group
    label
    requests
    errors
    inputTokens
    outputTokens
    costMicros
    unpriced
    averageLatencyMs
  }
`)

/** What happened in one interval, or in one interval of one group. */
export type Point = ResultOf<typeof Point>

export const UsageOverTime = graphql(
  `
    query UsageOverTime($from: DateTime!, $to: DateTime!, $interval: UsageInterval!, $filter: UsageFilter) {
      usage(from: $from, to: $to, interval: $interval, filter: $filter) { ...Point }
    }
  `,
  [Point],
)

export const UsageByModel = graphql(
  `
    query UsageByModel($from: DateTime!, $to: DateTime!, $filter: UsageFilter) {
      usage(from: $from, to: $to, interval: TOTAL, groupBy: MODEL, filter: $filter) { ...Point }
    }
  `,
  [Point],
)

export const UsageByGroup = graphql(
  `
    query UsageByGroup($from: DateTime!, $to: DateTime!, $interval: UsageInterval!, $groupBy: UsageGroupBy, $filter: UsageFilter) {
      usage(from: $from, to: $to, interval: $interval, groupBy: $groupBy, filter: $filter) { ...Point }
    }
  `,
  [Point],
)

const MeasuredPoint = graphql(
  `
    fragment MeasuredPoint on UsagePoint {
      ...Point
      latencyMs { p50 p90 p99 }
      firstTokenMs { p50 p90 p99 }
    }
  `,
  [Point],
)

/** A point with percentiles of its durations, which cost the server more than all sums: asked for where they show. */
export type MeasuredPoint = ResultOf<typeof MeasuredPoint>

export const MeasuredUsage = graphql(
  `
    query MeasuredUsage($from: DateTime!, $to: DateTime!, $interval: UsageInterval!, $groupBy: UsageGroupBy, $filter: UsageFilter) {
      usage(from: $from, to: $to, interval: $interval, groupBy: $groupBy, filter: $filter) { ...MeasuredPoint }
    }
  `,
  [MeasuredPoint],
)
