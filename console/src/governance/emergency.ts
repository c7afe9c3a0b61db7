import type { Look } from '../ui/StatusBadge.vue'
import type { Operation } from './emergencyDocuments.ts'

export type EmergencyScope = Operation['scope']

export const scopes = [
  { value: 'USER', label: 'User' },
  { value: 'GROUP', label: 'Group' },
  { value: 'PROVIDER', label: 'Provider' },
  { value: 'ALL', label: 'Everyone' },
] as const satisfies readonly { value: EmergencyScope; label: string }[]

const subjects = {
  USER: (name: string) => `All keys of ${name}`,
  GROUP: (name: string) => `All keys of the members of ${name}`,
  PROVIDER: (name: string) => `All keys of the provider ${name}`,
  ALL: () => 'Every key',
} as const satisfies Record<EmergencyScope, (name: string) => string>

/** `All keys of maria`: whose keys an operation ended. */
export function toSubject({ scope, subjectName }: Pick<Operation, 'scope' | 'subjectName'>): string {
  return subjects[scope](subjectName ?? '')
}

type Stage = Pick<Operation, 'finishedAt' | 'undoneAt' | 'restoredAt'>

/** Very many keys end, and are restored, for a while after the answer. */
export const isRunning = ({ finishedAt, undoneAt, restoredAt }: Stage): boolean =>
  finishedAt === null || (undoneAt !== null && restoredAt === null)

/** How an operation stands. */
export function toLook({ finishedAt, undoneAt, restoredAt }: Stage): Look {
  if (undoneAt && !restoredAt) return { label: 'Undoing', icon: 'i-lucide-loader', color: 'info' }
  if (undoneAt) return { label: 'Undone', icon: 'i-lucide-undo-2', color: 'neutral' }
  if (finishedAt) return { label: 'Done', icon: 'i-lucide-circle-check', color: 'success' }
  return { label: 'Running', icon: 'i-lucide-loader', color: 'info' }
}

const undoMinutes = 60

/** `42 min` left to undo it, rounded up; null when it cannot be undone any more. */
export function toTimeLeft(undoableUntil: string | null, now: number): string | null {
  const minutes = undoableUntil === null ? 0 : Math.ceil((Date.parse(undoableUntil) - now) / 60_000)
  // A clock that is a little behind the server's must not promise more than there ever was.
  return minutes > 0 ? `${Math.min(minutes, undoMinutes)} min` : null
}
