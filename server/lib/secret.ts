import { createHmac, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { currentKey, type Keyring } from './keyring.ts'

/** `aic_` opens `/work`, `aicp_` opens `/graphql`; neither works at the other. */
export type SecretPrefix = 'aic_' | 'aicp_'

/** The two parts of a credential whose form and checksum are right. Nothing says yet that it exists. */
export type ReadSecret = { readonly publicId: string; readonly secret: string }

/** What is stored of a credential: enough to recognise it, not to use it. */
export type StoredSecret = {
  readonly publicId: string
  readonly secretHash: Uint8Array<ArrayBuffer>
  readonly pepperVersion: number
  readonly lastFour: string
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const PUBLIC_ID = 12
const SECRET = 32
const CHECKSUM = 6
const BODY = PUBLIC_ID + SECRET + CHECKSUM
/** The largest multiple of 62 below 256: bytes from here on are thrown away, so that every character is as likely. */
const FAIR = 248

const base62 = (number: number) => {
  let text = ''
  for (let rest = number; rest > 0; rest = Math.floor(rest / 62)) text = ALPHABET.charAt(rest % 62) + text
  return text.padStart(CHECKSUM, '0')
}

const checksum = (text: string) => base62(crc32(text))

function randomText(bytes: (count: number) => Uint8Array, length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of bytes(length)) {
      if (byte < FAIR && text.length < length) text += ALPHABET.charAt(byte % 62)
    }
  }
  return text
}

/** A new credential: prefix, 12 characters public id, 32 secret, 6 checksum. Shown once, never stored. */
export function mintSecret(bytes: (count: number) => Uint8Array, prefix: SecretPrefix): string {
  const text = prefix + randomText(bytes, PUBLIC_ID + SECRET)
  return text + checksum(text)
}

const isBase62 = (code: number) =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)

/** Null when the form or the checksum is wrong: such a text costs no look-up. */
export function readSecret(text: string, prefix: SecretPrefix): ReadSecret | null {
  const start = prefix.length
  if (text.length !== start + BODY || !text.startsWith(prefix)) return null
  for (let index = start; index < text.length; index++) if (!isBase62(text.charCodeAt(index))) return null
  const checked = start + PUBLIC_ID + SECRET
  if (checksum(text.slice(0, checked)) !== text.slice(checked)) return null
  return { publicId: text.slice(start, start + PUBLIC_ID), secret: text.slice(start + PUBLIC_ID, checked) }
}

const hmac = (pepper: Uint8Array, secret: string) => createHmac('sha256', pepper).update(secret).digest()

/** What to store of a freshly minted credential. */
export function toStoredSecret(keyring: Keyring, text: string, prefix: SecretPrefix): StoredSecret {
  const read = readSecret(text, prefix)
  if (!read) throw new Error('not a minted secret')
  return {
    publicId: read.publicId,
    secretHash: new Uint8Array(hmac(currentKey(keyring, 'pepper'), read.secret)),
    pepperVersion: keyring.version,
    lastFour: text.slice(-4),
  }
}

/** Compares in constant time. False also when the pepper's master key is not in the ring. */
export function isSecretRight(
  keyring: Keyring,
  stored: Pick<StoredSecret, 'secretHash' | 'pepperVersion'>,
  secret: string,
): boolean {
  const pepper = keyring.derive('pepper', stored.pepperVersion)
  if (!pepper) return false
  const given = hmac(pepper, secret)
  return given.length === stored.secretHash.length && timingSafeEqual(given, stored.secretHash)
}
