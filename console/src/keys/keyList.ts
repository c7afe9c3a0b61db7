import type { VariablesOf } from '../graphql.ts'
import { readMany } from '../ui/filters.ts'
import { toOrder } from '../ui/list.ts'
import type { Column } from '../ui/table.ts'
import type { UrlSort } from '../ui/urlState.ts'
import type { Viewer } from '../users/viewer.ts'
import type { ListKeys } from './documents.ts'
import type { KeyStatus } from './key.ts'
import { reviewLooks, statusLooks } from './key.ts'

export type KeyScope = 'mine' | 'all'
export const filterNames = [
  'search',
  'status',
  'type',
  'provider',
  'owner',
  'creator',
  'application',
  'environment',
  'review',
  'used',
  'deleted',
] as const
export type KeyFilterName = (typeof filterNames)[number]
export type KeyFilterValues = Readonly<Record<KeyFilterName, string>>

type ListVariables = VariablesOf<typeof ListKeys>

/** Everything the register knows of a key; the narrow screens keep what tells keys apart and what can be done. */
export const keyColumns: readonly Column[] = [
  { id: 'name', label: 'Name', sort: 'name', class: 'min-w-32' },
  { id: 'key', label: 'Key', class: 'max-lg:hidden' },
  { id: 'owner', label: 'Owner', class: 'max-md:hidden' },
  { id: 'creator', label: 'Creator', class: 'max-xl:hidden' },
  { id: 'provider', label: 'Provider', class: 'max-md:hidden' },
  { id: 'type', label: 'Type', class: 'max-xl:hidden' },
  { id: 'purpose', label: 'Purpose' },
  { id: 'application', label: 'Application' },
  { id: 'environment', label: 'Environment' },
  { id: 'usage', label: 'Usage', class: 'max-lg:hidden' },
  { id: 'used', label: 'Last used', sort: 'used', class: 'max-xl:hidden' },
  { id: 'created', label: 'Created', sort: 'created' },
  { id: 'lifetime', label: 'Lifetime' },
  { id: 'expiry', label: 'Expiry', sort: 'expiry', class: 'max-sm:hidden' },
  { id: 'status', label: 'Status' },
  { id: 'review', label: 'Review' },
  { id: 'deleted', label: 'Deleted', class: 'max-[1359px]:hidden' },
  { id: 'actions', label: 'Actions', isQuiet: true, isPinned: true, class: 'w-9' },
]

/** What a key list shows by itself: the same columns for everyone. */
export const standardColumns = [
  'key',
  'owner',
  'creator',
  'provider',
  'type',
  'usage',
  'used',
  'expiry',
  'status',
  'deleted',
]

function isStatus(value: string): value is KeyStatus {
  return Object.hasOwn(statusLooks, value)
}

const isReviewState = (value: string): value is keyof typeof reviewLooks => Object.hasOwn(reviewLooks, value)

/** What the server is asked for, from what stands in the address. Unknown values in an edited address are left out. */
export function toKeyFilter(values: KeyFilterValues, scope: KeyScope, viewer: Viewer): ListVariables['filter'] {
  const status = readMany(values.status).filter(isStatus)
  const type = readMany(values.type)
  const reviewState = readMany(values.review).filter(isReviewState)
  const ownerId = scope === 'mine' ? viewer.id : values.owner
  return {
    search: values.search || undefined,
    status: status.length > 0 ? status : undefined,
    type: type.length > 0 ? type : undefined,
    providerId: values.provider || undefined,
    ownerId: ownerId || undefined,
    creatorId: values.creator || undefined,
    application: values.application || undefined,
    environment: values.environment || undefined,
    reviewState: reviewState.length > 0 ? reviewState : undefined,
    neverUsed: values.used === 'never' || undefined,
    deleted: values.deleted === 'only' || undefined,
  }
}

export function toKeyOrder(sort: UrlSort) {
  return toOrder(
    sort,
    { name: 'NAME', created: 'CREATED_AT', expiry: 'EXPIRES_AT', used: 'LAST_USED_AT' },
    'CREATED_AT',
  )
}

export type SavedView = { readonly label: string; readonly values: Partial<Record<KeyFilterName, string>> }

/** The views that come with the console. "Mine" only makes sense among everybody's keys. */
export function savedViews(scope: KeyScope, viewer: Viewer): readonly SavedView[] {
  return [
    { label: 'All', values: {} },
    { label: 'Expiring soon', values: { status: 'EXPIRING' } },
    { label: 'Never used', values: { used: 'never' } },
    ...(scope === 'all' ? [{ label: 'Mine', values: { owner: viewer.id } }] : []),
    { label: 'Deleted', values: { deleted: 'only' } },
  ]
}

/** A view is open when the filters are exactly its own. */
export function isOpenView(view: SavedView, values: KeyFilterValues): boolean {
  return filterNames.every((name) => values[name] === (view.values[name] ?? ''))
}
