import type { Look } from '../ui/StatusBadge.vue'

export type Role = 'ADMINISTRATOR' | 'AUDITOR' | 'USER'

export const roleLooks = {
  ADMINISTRATOR: { label: 'Administrator', icon: 'i-lucide-shield', color: 'info' },
  AUDITOR: { label: 'Auditor', icon: 'i-lucide-eye', color: 'neutral' },
  USER: { label: 'User', icon: 'i-lucide-user', color: 'neutral' },
} as const satisfies Record<Role, Look>

export const roleChoices = [
  { value: 'USER', label: 'User', description: 'Makes and manages their own keys.' },
  { value: 'AUDITOR', label: 'Auditor', description: 'Sees everything, changes nothing.' },
  { value: 'ADMINISTRATOR', label: 'Administrator', description: 'Manages keys, providers and users.' },
] as const
