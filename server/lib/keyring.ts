import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

type SubKey = { readonly version: number; readonly key: Buffer }

/** Sub-keys of the installation's master keys. Nothing else ever holds a master key. */
export type Keyring = {
  /** The version new secrets and seals are made under: a fingerprint of the newest master key. */
  readonly version: number
  /** The 32-byte key of one purpose under one master key; null when that master key is not in the ring. */
  derive(purpose: string, version: number): Buffer | null
  /** True when `check` was made by `proof()` under any master key of the ring. */
  recognises(check: Uint8Array): boolean
  /** A value that shows later that the same master key is in use, and nothing else about it. */
  proof(): Buffer
}

const hkdf = (master: Uint8Array, purpose: string) =>
  Buffer.from(hkdfSync('sha256', master, 'ai-controller', purpose, 32))

/** A positive 31-bit number, so that it fits PostgreSQL's integer. */
const fingerprint = (master: Uint8Array) => hkdf(master, 'version').readUInt32BE(0) >>> 1

const proofOf = (master: Uint8Array) => createHmac('sha256', hkdf(master, 'proof')).update('ai-controller').digest()

/** `masterKeys`: 32 bytes each, newest first; at least one. */
export function createKeyring(masterKeys: readonly Uint8Array[]): Keyring {
  const [newest] = masterKeys
  if (newest === undefined) throw new Error('a keyring needs a master key')
  const masters = masterKeys.map((key): SubKey => ({ version: fingerprint(key), key: Buffer.from(key) }))
  const derived = new Map<string, Buffer>()
  return {
    version: fingerprint(newest),
    derive(purpose, version) {
      const id = `${version}/${purpose}`
      const known = derived.get(id)
      if (known) return known
      const master = masters.find((candidate) => candidate.version === version)
      if (!master) return null
      const key = hkdf(master.key, purpose)
      derived.set(id, key)
      return key
    },
    recognises: (check) =>
      masters.some(({ key }) => check.length === 32 && timingSafeEqual(proofOf(key), Buffer.from(check))),
    proof: () => proofOf(newest),
  }
}

/** The key of one purpose under the newest master key. */
export function currentKey(keyring: Keyring, purpose: string): Buffer {
  const key = keyring.derive(purpose, keyring.version)
  if (!key) throw new Error('the newest master key is always in the ring')
  return key
}
