import type { Detail } from '../ui/DetailList.vue'
import { toZoned } from '../ui/instants.ts'
import type { Look } from '../ui/StatusBadge.vue'
import type { Viewer } from '../users/viewer.ts'
import type { KeyRequest } from './requestDocuments.ts'

export const requestLooks = {
  PENDING: { label: 'Waiting', icon: 'i-lucide-hourglass', color: 'info' },
  APPROVED: { label: 'Approved', icon: 'i-lucide-circle-check', color: 'success' },
  DECLINED: { label: 'Declined', icon: 'i-lucide-circle-x', color: 'error' },
  WITHDRAWN: { label: 'Withdrawn', icon: 'i-lucide-undo-2', color: 'neutral' },
  EXPIRED: { label: 'Too old', icon: 'i-lucide-clock-alert', color: 'neutral' },
} as const satisfies Record<KeyRequest['status'], Look>

export function isStatus(value: string): value is KeyRequest['status'] {
  return Object.hasOwn(requestLooks, value)
}

type Asked = Pick<KeyRequest, 'status' | 'ownerId' | 'requesterId' | 'claimedAt'>

export function isOwn(viewer: Pick<Viewer, 'id'>, request: Asked): boolean {
  return request.requesterId === viewer.id || request.ownerId === viewer.id
}

/** The state as one look; an approved key whose secret nobody has taken yet still waits for somebody. */
export function toLook(request: Asked): Look {
  if (request.status === 'APPROVED' && request.claimedAt === null) {
    return { label: 'Secret waits', icon: 'i-lucide-key-round', color: 'success' }
  }
  return requestLooks[request.status]
}

/** Until when its key would work, as a row of its details. */
export const toLifetimeRow = ({ keyExpiresAt }: Pick<KeyRequest, 'keyExpiresAt'>): Detail => ({
  label: 'Works until',
  ...(keyExpiresAt ? toZoned(keyExpiresAt) : { value: 'Never expires' }),
})

/** Why this viewer may not answer, or null. Whoever sees a request that is not their own is one of its approvers. */
export function refusalToAnswer(viewer: Viewer, request: Asked, selfApprovalAllowed: boolean): string | null {
  if (viewer.role === 'AUDITOR') return 'Auditors read and change nothing.'
  if (request.status !== 'PENDING') return 'It has been answered already.'
  if (isOwn(viewer, request) && !selfApprovalAllowed) return 'It is your own: somebody else has to answer it.'
  return null
}

export function refusalToWithdraw(viewer: Viewer, request: Asked): string | null {
  if (request.status !== 'PENDING') return 'It has been answered already.'
  return isOwn(viewer, request) ? null : 'Only who asked for it can take it back.'
}

/** Why this viewer cannot take the secret, or null. It is shown to who asked for the key and to nobody else. */
export function refusalToClaim(viewer: Viewer, request: Asked): string | null {
  if (request.requesterId !== viewer.id) return 'The secret is for who asked for the key.'
  if (request.status === 'PENDING') return 'Nobody has approved it yet.'
  if (request.status !== 'APPROVED') return 'There is no such key.'
  return request.claimedAt === null ? null : 'The secret was shown already. Rotate the key to get another one.'
}
