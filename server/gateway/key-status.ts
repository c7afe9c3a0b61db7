import type { SecretRow } from './directory.store.ts'
import type { Directory } from './directory.ts'
import type { RefusalCode } from './refusal.ts'

/** Why a secret that is right may not be used at this instant; null when it may. `now` in epoch milliseconds. */
export function refuseSecret(directory: Directory, secret: SecretRow, now: number): RefusalCode | null {
  const { key } = secret
  if (key.deleted) return 'key_deleted'
  if (isOver(key.expiresAt, now) || isOver(secret.expiresAt, now)) return 'key_expired'
  if (directory.isEnded(key)) return 'key_expired'
  if (!directory.isActive(key.ownerId) || directory.target(key.providerId)?.enabled !== true) return 'key_disabled'
  return key.pending ? 'key_pending' : null
}

const isOver = (expiresAt: number | null, now: number) => expiresAt !== null && expiresAt <= now
