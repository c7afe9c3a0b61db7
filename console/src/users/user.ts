import type { Look } from '../ui/StatusBadge.vue'
import type { AccessToken, User } from './documents.ts'
import { refusalToAdminister, type Viewer } from './viewer.ts'

export function stateLook(user: Pick<User, 'active' | 'deletedAt'>): Look {
  if (user.deletedAt) return { label: 'Deleted', icon: 'i-lucide-trash-2', color: 'neutral' }
  return user.active
    ? { label: 'Active', icon: 'i-lucide-circle-check', color: 'success' }
    : { label: 'Disabled', icon: 'i-lucide-ban', color: 'neutral' }
}

type Asked = Pick<User, 'id' | 'deletedAt'>

/** Why this viewer may not change this user, or null when they may. */
export function refusalToEditUser(viewer: Viewer, user: Asked): string | null {
  return user.deletedAt ? 'This user is deleted.' : refusalToAdminister(viewer)
}

export function refusalToReset(viewer: Viewer, user: Asked): string | null {
  if (user.id === viewer.id) return 'Change your own password under Account.'
  return refusalToEditUser(viewer, user)
}

export function refusalToDeleteUser(viewer: Viewer, user: Asked): string | null {
  if (user.id === viewer.id) return 'You cannot delete yourself.'
  return refusalToEditUser(viewer, user)
}

export function tokenLook(token: Pick<AccessToken, 'revokedAt' | 'expiresAt'>, now: number): Look {
  if (token.revokedAt) return { label: 'Revoked', icon: 'i-lucide-ban', color: 'neutral' }
  if (token.expiresAt && Date.parse(token.expiresAt) <= now) {
    return { label: 'Expired', icon: 'i-lucide-circle-x', color: 'error' }
  }
  return { label: 'Active', icon: 'i-lucide-circle-check', color: 'success' }
}

/** `Chrome on Linux` out of a user agent; the whole text belongs in its tooltip. */
export function toBrowser(userAgent: string | null): string {
  if (!userAgent) return 'Unknown browser'
  const browsers: readonly (readonly [RegExp, string])[] = [
    [/Edg\//, 'Edge'],
    [/OPR\//, 'Opera'],
    [/Firefox\//, 'Firefox'],
    [/Chrome\//, 'Chrome'],
    [/Safari\//, 'Safari'],
  ]
  const systems: readonly (readonly [RegExp, string])[] = [
    [/iPhone|iPad/, 'iOS'],
    [/Android/, 'Android'],
    [/Windows/, 'Windows'],
    [/Mac OS X/, 'macOS'],
    [/Linux/, 'Linux'],
  ]
  const find = (list: typeof browsers) => list.find(([pattern]) => pattern.test(userAgent))?.[1]
  const browser = find(browsers) ?? userAgent.split(/[\s/]/)[0] ?? 'Unknown'
  const system = find(systems)
  return system ? `${browser} on ${system}` : browser
}
