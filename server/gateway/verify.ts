import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Keyring } from '../lib/keyring.ts'
import { isSecretRight } from '../lib/secret.ts'
import type { SecretRow } from './directory.store.ts'

/** True when this is the secret of that row; in constant time. */
export type Verifier = (stored: SecretRow, secret: string) => boolean

const REMEMBERED = 20_000

/**
 * Checks a secret against its row. The keyed hash of the database is ten times as dear as a plain one, so a secret that
 * was right once is remembered as its SHA-256 with a salt of this process, for as long as the very same row is current.
 */
export function createVerifier(keyring: Keyring): Verifier {
  const salt = randomBytes(32).toString('base64url')
  const right = new LRUCache<string, { readonly stored: SecretRow; readonly digest: Buffer }>({ max: REMEMBERED })
  return (stored, secret) => {
    const digest = hash('sha256', salt + secret, 'buffer')
    const known = right.get(stored.publicId)
    if (known?.stored === stored) return timingSafeEqual(known.digest, digest)
    if (!isSecretRight(keyring, stored, secret)) return false
    right.set(stored.publicId, { stored, digest })
    return true
  }
}
