import { canSeeAll, type Viewer } from '../users/viewer.ts'

export type Place = { readonly label: string; readonly to: string; readonly icon: string }
export type PlaceGroup = { readonly label: string; readonly places: readonly Place[] }

/** The sidebar: the same for everybody, and an Admin part for those who see what belongs to all. */
export function placesFor(viewer: Viewer): readonly PlaceGroup[] {
  const own: PlaceGroup = {
    label: 'Workspace',
    places: [
      { label: 'My API Keys', to: '/keys', icon: 'i-lucide-key-round' },
      { label: 'Requests', to: '/requests', icon: 'i-lucide-hourglass' },
      { label: 'Access reviews', to: '/reviews', icon: 'i-lucide-list-checks' },
      { label: 'Usage', to: '/usage', icon: 'i-lucide-chart-line' },
      { label: 'Logs', to: '/logs', icon: 'i-lucide-chart-no-axes-column' },
    ],
  }
  if (!canSeeAll(viewer)) return [own]
  const admin: PlaceGroup = {
    label: 'Admin',
    places: [
      { label: 'API Keys', to: '/admin/keys', icon: 'i-lucide-shield-check' },
      { label: 'Providers', to: '/admin/providers', icon: 'i-lucide-plug' },
      { label: 'Rules', to: '/admin/rules', icon: 'i-lucide-scale' },
      { label: 'Limits', to: '/admin/limits', icon: 'i-lucide-gauge' },
      { label: 'Prices', to: '/admin/prices', icon: 'i-lucide-receipt' },
      { label: 'Policies', to: '/admin/policies', icon: 'i-lucide-clipboard-check' },
      { label: 'Groups', to: '/admin/groups', icon: 'i-lucide-users-round' },
      { label: 'Users', to: '/admin/users', icon: 'i-lucide-users' },
      { label: 'Emergency', to: '/admin/emergency', icon: 'i-lucide-siren' },
      { label: 'Audit log', to: '/admin/audit', icon: 'i-lucide-scroll-text' },
      { label: 'Settings', to: '/admin/settings', icon: 'i-lucide-settings' },
    ],
  }
  return [own, admin]
}
