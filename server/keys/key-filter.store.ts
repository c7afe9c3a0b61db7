import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import { literally } from '../lib/search.ts'
import { type ApiKeyStatus, EXPIRING_WITHIN_MS, type ReviewState } from './key.ts'

type Where = Prisma.ApiKeyWhereInput

/**
 * The conditions of each status, in step with `statusOf`: what an earlier one claims, a later one excludes. The few
 * disabled providers are named by their ids: as a join they would be guessed wrong and read for each of a million keys.
 */
function statusWhere(status: ApiKeyStatus, now: Date, { owners, providers }: Disabled): Where {
  const soon = new Date(now.getTime() + EXPIRING_WITHIN_MS)
  const closed: Where = { providerId: { in: providers } }
  const enabled: Where = { owner: { active: true, deletedAt: null }, NOT: closed }
  const disabled: Where = { OR: [{ ownerId: { in: owners } }, closed] }
  const living: Where = { deletedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] }
  const usable: Where = { AND: [living, enabled, { pending: false }] }
  const lingering = { supersededAt: { not: null }, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] }
  const single: Where = { secrets: { none: lingering } }
  const table = {
    DELETED: { deletedAt: { not: null } },
    EXPIRED: { deletedAt: null, expiresAt: { lte: now } },
    DISABLED: { AND: [living, disabled] },
    PENDING: { AND: [living, enabled, { pending: true }] },
    ROTATING: { AND: [usable, { secrets: { some: lingering } }] },
    EXPIRING: { AND: [usable, single, { expiresAt: { lte: soon } }] },
    ACTIVE: { AND: [usable, single, { OR: [{ expiresAt: null }, { expiresAt: { gt: soon } }] }] },
  } satisfies Record<ApiKeyStatus, Where>
  return table[status]
}

type Disabled = { readonly owners: string[]; readonly providers: string[] }

async function findDisabled(tx: Tx, statuses: readonly ApiKeyStatus[]): Promise<Disabled> {
  const select = { id: true }
  const gone = { deletedAt: { not: null } }
  const [owners, providers] = await Promise.all([
    // Only keys of theirs are asked for by name: all others exclude them by a join, however many they are.
    statuses.includes('DISABLED') ? tx.user.findMany({ where: { OR: [{ active: false }, gone] }, select }) : [],
    tx.provider.findMany({ where: { OR: [{ enabled: false }, gone] }, select }),
  ])
  return { owners: owners.map(({ id }) => id), providers: providers.map(({ id }) => id) }
}

async function statusesWhere(tx: Tx, statuses: readonly ApiKeyStatus[], now: Date): Promise<Where> {
  const disabled = await findDisabled(tx, statuses)
  return { OR: statuses.map((status) => statusWhere(status, now, disabled)) }
}

/** What a list of keys may be narrowed to. Null and undefined do not narrow. */
export type ApiKeyFilter = {
  readonly search?: string | null | undefined
  readonly ownerId?: string | null | undefined
  readonly creatorId?: string | null | undefined
  readonly providerId?: string | null | undefined
  readonly status?: readonly ApiKeyStatus[] | null | undefined
  readonly type?: readonly string[] | null | undefined
  readonly application?: string | null | undefined
  readonly environment?: string | null | undefined
  readonly deleted?: boolean | null | undefined
  readonly purpose?: string | null | undefined
  /** Values of own fields; every one must be there. */
  readonly fields?: readonly { readonly name: string; readonly value: string }[] | null | undefined
  readonly reviewState?: readonly ReviewState[] | null | undefined
  readonly neverUsed?: boolean | null | undefined
  /** No request at or after this instant; never used counts from the making on. */
  readonly idleSince?: Date | null | undefined
  readonly expiresBefore?: Date | null | undefined
  readonly expiresAfter?: Date | null | undefined
  readonly createdAfter?: Date | null | undefined
}

const MIN_PUBLIC_ID = 3
const MAX_FOUND = 1000

/** Keys whose public id begins like this. Looked up first: joined to the text by "or", neither index would be used. */
async function findByPublicId(tx: Tx, search: string): Promise<string[]> {
  const [, prefix] = /^(?:aic_)?([0-9A-Za-z]+)$/.exec(search) ?? []
  if (prefix === undefined || prefix.length < MIN_PUBLIC_ID) return []
  const found = await tx.$queryRaw<{ id: string }[]>`
    SELECT key_id AS id FROM key_secrets WHERE public_id COLLATE "C" LIKE ${`${prefix.slice(0, 12)}%`} LIMIT ${MAX_FOUND}`
  return found.map(({ id }) => id)
}

async function searchWhere(tx: Tx, search: string): Promise<Where> {
  const ids = await findByPublicId(tx, search)
  const inText = { searchText: { contains: literally(search.toLowerCase()) } }
  return ids.length > 0 ? { OR: [inText, { id: { in: ids } }] } : inText
}

const OPEN = { decision: null, review: { closedAt: null } }

/** In step with `readReviews` of the register. */
const REVIEWED = {
  OPEN: { reviews: { some: OPEN } },
  EXPIRED: { reviews: { some: { decision: 'EXPIRED' }, none: OPEN } },
  KEPT: { reviews: { some: { decision: 'KEPT' }, none: { OR: [OPEN, { decision: 'EXPIRED' }] } } },
  NEVER: { reviews: { none: { OR: [OPEN, { decision: { not: null } }] } } },
} as const satisfies Record<ReviewState, Where>

function deletedWhere({ deleted, status }: ApiKeyFilter): Where {
  if (deleted === true) return { deletedAt: { not: null } }
  return deleted === false || !status?.includes('DELETED') ? { deletedAt: null } : {}
}

const isGiven = <Value>(values: readonly Value[] | null | undefined): values is readonly Value[] =>
  values != null && values.length > 0

/** What says nothing about the time it is asked at. */
const plainWhere = (filter: ApiKeyFilter): Where => ({
  ...(filter.ownerId && { ownerId: filter.ownerId }),
  ...(filter.creatorId && { creatorId: filter.creatorId }),
  ...(filter.providerId && { providerId: filter.providerId }),
  ...(isGiven(filter.type) && { type: { in: [...filter.type] } }),
  ...(filter.application && { application: filter.application }),
  ...(filter.environment && { environment: filter.environment }),
  ...(filter.purpose && { purpose: { contains: literally(filter.purpose), mode: 'insensitive' } }),
  ...(filter.neverUsed && { lastUsedAt: null }),
  ...(filter.createdAfter && { createdAt: { gte: filter.createdAfter } }),
  AND: (filter.fields ?? []).map(({ name, value }) => ({ fields: { path: [name], equals: value } })),
})

const datesWhere = ({ expiresBefore, expiresAfter, idleSince }: ApiKeyFilter): Where[] => [
  expiresBefore ? { expiresAt: { lt: expiresBefore } } : {},
  expiresAfter ? { OR: [{ expiresAt: { gte: expiresAfter } }, { expiresAt: null }] } : {},
  idleSince ? { OR: [{ lastUsedAt: { lt: idleSince } }, { lastUsedAt: null, createdAt: { lt: idleSince } }] } : {},
]

/** The rows a filter leaves. Deleted keys are left out unless the filter asks for them. */
export async function toWhere(tx: Tx, filter: ApiKeyFilter, now: Date): Promise<Where> {
  const { status, search, reviewState } = filter
  return {
    AND: [
      deletedWhere(filter),
      isGiven(status) ? await statusesWhere(tx, status, now) : {},
      isGiven(reviewState) ? { OR: reviewState.map((one) => REVIEWED[one]) } : {},
      search ? await searchWhere(tx, search) : {},
      plainWhere(filter),
      ...datesWhere(filter),
    ],
  }
}
