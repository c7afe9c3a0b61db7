import type { Tx } from '../lib/db.ts'
import { mintSecret, toStoredSecret } from '../lib/secret.ts'
import type { Act } from '../users/viewer.ts'
import { type KeyWithSecret, once } from './idempotent.service.ts'
import { isExpired, KeyDeleted, KeyExpired, subjectOf } from './key.ts'
import { KeyPending } from './key-request.ts'
import { changeOne, type Own } from './keys.service.ts'
import { type ApiKeyRow, updateKey } from './keys.store.ts'
import { AlreadyRotating, type Overlap, overlapEnd } from './rotation.ts'
import * as store from './secrets.store.ts'

export type Rotation = {
  readonly id: string
  readonly overlap: Overlap
  readonly idempotencyKey?: string | null | undefined
}

const shown = (secret: store.KeySecretRow) => ({ publicId: secret.publicId, expiresAt: secret.expiresAt })

/** The secret in use and, while the key is rotating, the one before it. */
async function validSecrets(tx: Tx, keyId: string, now: Date) {
  const [current, old] = await store.listValidSecrets(tx, keyId, now)
  return { current, old }
}

/**
 * Gives a key a new secret, which only this answer holds; the one before it works until the overlap ends. Id, name,
 * owner, expiry and history stay. With an idempotency key, a repeated call makes no second secret. Throws
 * `NotFound`, `KeyDeleted`, `KeyExpired`, `KeyPending`, `AlreadyRotating`, `IdempotencyKeyReused`.
 */
export async function rotateApiKey(act: Act, input: Rotation): Promise<KeyWithSecret> {
  return once(act, 'rotateApiKey', input, async (claim) => {
    const { parts } = act
    const secret = mintSecret(parts.random.bytes, 'aic_')
    const row = await changeOne(act, input.id, async (tx, key) => {
      await claim(tx, key.id)
      return replaceSecret(act, tx, key, secret, input.overlap)
    })
    return { row, secret }
  })
}

async function replaceSecret(act: Act, tx: Tx, key: Own<ApiKeyRow>, text: string, overlap: Overlap) {
  const { clock, keyring, random } = act.parts
  const now = clock.now()
  if (key.deletedAt) throw new KeyDeleted()
  if (isExpired(key, now)) throw new KeyExpired()
  // Its secret is shown after the approval, and to the requester only.
  if (key.pending) throw new KeyPending()
  const { current, old } = await validSecrets(tx, key.id, now)
  if (old) throw new AlreadyRotating()
  if (!current) throw new Error('a key has a current secret')
  const ended = await store.supersedeSecret(tx, current.id, now, overlapEnd(overlap, now))
  const stored = toStoredSecret(keyring, text, 'aic_')
  const made = await store.insertSecret(tx, { ...stored, id: random.uuidv7(), keyId: key.id, createdAt: now })
  const row = await updateKey(tx, key.id, {})
  const after = { current: shown(made), old: shown(ended) }
  const before = { current: shown(current) }
  return { row, fact: { action: 'rotateApiKey', ...subjectOf(key), before, after: { overlap, ...after } } }
}

/**
 * Ends the overlap of a rotating key at this instant, everywhere, before the answer. Keeping `OLD` takes the rotation
 * back: for when the answer that held the new secret was lost. A key that is not rotating stays as it is.
 */
export async function endOverlap(act: Act, id: string, keep: 'NEW' | 'OLD' = 'NEW'): Promise<ApiKeyRow> {
  return changeOne(act, id, async (tx, key) => {
    const now = act.parts.clock.now()
    const { current, old } = await validSecrets(tx, key.id, now)
    if (!current || !old) return { row: key }
    const [kept, ended] = keep === 'NEW' ? [current, old] : [old, current]
    await store.endSecret(tx, ended.id, now)
    if (keep === 'OLD') await store.exchangeSecrets(tx, { current: ended.id, old: kept.id }, now)
    const row = await updateKey(tx, key.id, {})
    const after = { current: kept.publicId, ended: { publicId: ended.publicId, expiresAt: now } }
    const before = { current: shown(current), old: shown(old) }
    return { row, fact: { action: 'endOverlap', ...subjectOf(key), before, after } }
  })
}
