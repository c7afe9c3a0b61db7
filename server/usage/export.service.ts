import { type Ask, type Format, type Lines, writeRows } from '../lib/export.ts'
import type { Act } from '../users/viewer.ts'
import { listUsageEntries } from './entries.service.ts'
import * as store from './entries.store.ts'
import { readEntryFilter } from './entries-query.ts'

const COLUMNS = [
  ...['id', 'startedAt', 'key', 'keyId', 'owner', 'ownerId', 'provider', 'providerId', 'answeredBy', 'answeredById'],
  ...['endpoint', 'modelAsked', 'modelAnswered', 'status', 'code', 'end', 'refusedByType', 'streamed', 'attempts'],
  ...['inputTokens', 'outputTokens', 'cachedTokens', 'savedTokens', 'tokensEstimated', 'costMicros'],
  ...['latencyMs', 'firstTokenMs', 'overheadUs', 'requestBytes', 'responseBytes'],
]

/** What the log shows under this filter, all its pages: the requests of own keys; for administrators and auditors all. */
export function exportUsage(act: Act, ask: Ask, format: Format): Lines {
  return writeRows(COLUMNS, entryBatches(act, readEntryFilter(ask)), format)
}

/** More rows at once would hold up everybody else on this node. */
const BATCH = 100

async function* entryBatches(act: Act, filter: store.UsageEntryFilter | null) {
  for (let after: string | null = null; filter !== null; ) {
    const { edges, pageInfo } = await listUsageEntries(act, { first: BATCH, after }, filter, 'DESC')
    const rows = edges.map(({ node }) => node)
    yield await named(act, rows)
    if (!pageInfo.hasNextPage) return
    after = pageInfo.endCursor
  }
}

async function named({ parts }: Act, rows: readonly store.UsageEntryRow[]) {
  const { prisma } = parts.db
  const [keys, owners, providers] = await Promise.all([
    store.findKeysOf(
      prisma,
      rows.map(({ keyId }) => keyId),
    ),
    store.findOwnersOf(
      prisma,
      rows.map(({ ownerId }) => ownerId),
    ),
    store.findProvidersOf(
      prisma,
      rows.flatMap(({ providerId, answeredById }) => [providerId, answeredById ?? providerId]),
    ),
  ])
  const keyNames = new Map(keys.map(({ id, name }) => [id, name]))
  const ownerNames = new Map(owners.map(({ id, username }) => [id, username]))
  const providerNames = new Map(providers.map(({ id, name }) => [id, name]))
  return rows.map((row) => ({
    ...row,
    key: keyNames.get(row.keyId),
    owner: ownerNames.get(row.ownerId),
    provider: providerNames.get(row.providerId),
    answeredBy: row.answeredById && providerNames.get(row.answeredById),
    costMicros: row.costMicros?.toString(),
    requestBytes: Number(row.requestBytes),
    responseBytes: Number(row.responseBytes),
  }))
}
