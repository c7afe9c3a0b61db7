import { toPlural } from '../ui/numbers.ts'
import type { Look } from '../ui/StatusBadge.vue'
import { canAdminister, type Viewer } from '../users/viewer.ts'
import type { Key } from './documents.ts'

export type KeyStatus = Key['status']

export const statusLooks = {
  ACTIVE: { label: 'Active', icon: 'i-lucide-circle-check', color: 'success' },
  EXPIRING: { label: 'Expiring', icon: 'i-lucide-clock-alert', color: 'warning' },
  EXPIRED: { label: 'Expired', icon: 'i-lucide-circle-x', color: 'error' },
  ROTATING: { label: 'Rotating', icon: 'i-lucide-refresh-cw', color: 'info' },
  PENDING: { label: 'Pending', icon: 'i-lucide-hourglass', color: 'info' },
  DISABLED: { label: 'Disabled', icon: 'i-lucide-ban', color: 'neutral' },
  DELETED: { label: 'Deleted', icon: 'i-lucide-trash-2', color: 'neutral' },
} as const satisfies Record<KeyStatus, Look>

/** What a status means, as its tooltip. */
export const statusMeanings = {
  ACTIVE: 'Works until its expiry.',
  EXPIRING: 'Works, and ends within 7 days.',
  EXPIRED: 'Refused since its expiry. The record is kept.',
  ROTATING: 'Two secrets work until the overlap ends.',
  PENDING: 'Waits for approval and does not work yet.',
  DISABLED: 'Refused because its owner or its provider is disabled.',
  DELETED: 'Refused. It can be restored for 30 days.',
} as const satisfies Record<KeyStatus, string>

type ReviewState = 'NEVER' | 'OPEN' | 'KEPT' | 'EXPIRED'

export const reviewLooks = {
  NEVER: { label: 'Never reviewed', icon: 'i-lucide-circle-dashed', color: 'neutral' },
  OPEN: { label: 'In review', icon: 'i-lucide-list-checks', color: 'info' },
  KEPT: { label: 'Kept', icon: 'i-lucide-circle-check', color: 'success' },
  EXPIRED: { label: 'Ended', icon: 'i-lucide-circle-x', color: 'error' },
} as const satisfies Record<ReviewState, Look>

/** How a key stands in its latest access review; one that ended without an answer says nothing. */
export function toReviewState(review: Key['review']): ReviewState {
  if (review === null) return 'NEVER'
  return review.decision ?? (review.closedAt === null ? 'OPEN' : 'NEVER')
}

/** `90 days` from the beginning to the end of a key. */
export function toLifetime({ createdAt, expiresAt }: Pick<Key, 'createdAt' | 'expiresAt'>): string {
  if (expiresAt === null) return 'No end'
  return toPlural(Math.round((Date.parse(expiresAt) - Date.parse(createdAt)) / 86_400_000), 'day')
}

/** `aic_4fK2…9xQz`: enough to tell keys apart, nothing to use. */
export function toShown(key: Pick<Key, 'prefix' | 'lastFour'>): string {
  return `${key.prefix}…${key.lastFour}`
}

const restoreWindowMs = 30 * 24 * 3_600_000

type Asked = Pick<Key, 'owner' | 'status' | 'deletedAt' | 'expiresAt'>

function refusalToTouch(viewer: Viewer, key: Asked): string | null {
  if (viewer.role === 'AUDITOR') return 'Auditors read and change nothing.'
  if (canAdminister(viewer) || key.owner.id === viewer.id) return null
  return 'Only its owner or an administrator can change this key.'
}

/** Why this viewer may make no key, or null when they may. */
export function refusalToCreate(viewer: Viewer): string | null {
  return viewer.role === 'AUDITOR' ? 'Auditors read; they hold no keys.' : null
}

/** Why the key cannot be edited by this viewer, or null when it can. */
export function refusalToEdit(viewer: Viewer, key: Asked): string | null {
  if (key.deletedAt) return 'It is deleted. Restore it first.'
  return refusalToTouch(viewer, key)
}

/** Why the key cannot get another secret now, or null when it can. */
export function refusalToRotate(viewer: Viewer, key: Asked): string | null {
  if (key.deletedAt) return 'It is deleted. Restore it first.'
  if (key.status === 'EXPIRED') return 'It has expired. Extend it first.'
  if (key.status === 'PENDING') return 'It waits for approval.'
  if (key.status === 'ROTATING') return 'Two secrets work already. End their overlap first.'
  return refusalToTouch(viewer, key)
}

export function refusalToExpire(viewer: Viewer, key: Asked): string | null {
  if (key.deletedAt) return 'It is deleted already, and refused.'
  if (key.status === 'EXPIRED') return 'It has expired already.'
  return refusalToTouch(viewer, key)
}

/** Why not all of the chosen keys can be expired together, or null when they can. One that has expired does no harm. */
export function refusalToExpireAll(viewer: Viewer, keys: readonly Asked[]): string | null {
  const refusals = keys.map((key) => (key.deletedAt ? 'Deleted keys cannot be expired.' : refusalToTouch(viewer, key)))
  return refusals.find((refusal) => refusal !== null) ?? null
}

export function refusalToDelete(viewer: Viewer, key: Asked): string | null {
  return key.deletedAt ? 'It is deleted already.' : refusalToTouch(viewer, key)
}

export function refusalToRestore(viewer: Viewer, key: Asked, now: number): string | null {
  if (!key.deletedAt) return 'It is not deleted.'
  if (now - new Date(key.deletedAt).getTime() > restoreWindowMs) return 'It was deleted more than 30 days ago.'
  return refusalToTouch(viewer, key)
}
