export const overlaps = [
  {
    value: 'NOW',
    label: 'Not at all',
    words: 'The old secret stops at once. For a secret that may be known to others.',
  },
  { value: 'ONE_HOUR', label: '1 h', words: 'The old secret stops by itself in an hour.' },
  { value: 'ONE_DAY', label: '24 h', words: 'The old secret stops by itself in 24 hours.' },
  { value: 'SEVEN_DAYS', label: '7 d', words: 'The old secret stops by itself in 7 days.' },
  { value: 'THIRTY_DAYS', label: '30 d', words: 'The old secret stops by itself in 30 days.' },
  { value: 'UNTIL_ENDED', label: 'Until ended', words: 'The old secret works until you end the overlap.' },
] as const

type Secret = { readonly createdAt: string; readonly lastUsedAt: string | null; readonly supersededAt: string | null }

/**
 * Whether a rotation can be finished without breaking anything: the new secret is in use, and the old one has been
 * quiet since the new one was first seen, or was never used at all.
 */
export function isSettled(fresh: Secret, old: Secret): boolean {
  if (fresh.lastUsedAt === null) return false
  return old.lastUsedAt === null || Date.parse(old.lastUsedAt) < Date.parse(fresh.createdAt)
}
