import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { currentKey, type Keyring } from './keyring.ts'

/** Where a sealed value lives; it opens nowhere else. */
export type Place = { readonly table: string; readonly id: string; readonly column: string }

const NONCE = 12
const TAG = 16
const KEY = 32
const FORMAT = 1
const HEADER = 5

const sealWith = (key: Uint8Array, aad: Uint8Array, plain: Uint8Array) => {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad)
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

const openWith = (key: Uint8Array, aad: Uint8Array, sealed: Buffer) => {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG })
  decipher.setAAD(aad).setAuthTag(sealed.subarray(sealed.length - TAG))
  return Buffer.concat([decipher.update(sealed.subarray(NONCE, sealed.length - TAG)), decipher.final()])
}

const aadOf = (place: Place) => Buffer.from(JSON.stringify([place.table, place.id, place.column]))

/**
 * Seals text for one cell: AES-256-GCM under a data key of its own, which is sealed by the key-encryption key.
 * Layout: format (1), key-encryption key version (4), sealed data key (60), nonce, ciphertext, tag.
 */
export function seal(keyring: Keyring, place: Place, text: string): Buffer {
  const aad = aadOf(place)
  const dataKey = randomBytes(KEY)
  const header = Buffer.alloc(HEADER)
  header.writeUInt8(FORMAT, 0)
  header.writeUInt32BE(keyring.version, 1)
  return Buffer.concat([
    header,
    sealWith(currentKey(keyring, 'seal'), aad, dataKey),
    sealWith(dataKey, aad, Buffer.from(text, 'utf8')),
  ])
}

/** The text of a sealed cell. Throws when it was edited, moved, or sealed under a master key that is not in the ring. */
export function open(keyring: Keyring, place: Place, sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed)
  const keySize = NONCE + KEY + TAG
  if (bytes.length < HEADER + keySize + NONCE + TAG || bytes.readUInt8(0) !== FORMAT) {
    throw new Error('not a sealed value')
  }
  const wrappingKey = keyring.derive('seal', bytes.readUInt32BE(1))
  if (!wrappingKey) throw new Error('sealed under an unknown master key')
  const aad = aadOf(place)
  const dataKey = openWith(wrappingKey, aad, bytes.subarray(HEADER, HEADER + keySize))
  return openWith(dataKey, aad, bytes.subarray(HEADER + keySize)).toString('utf8')
}
