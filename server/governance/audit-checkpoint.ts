import { createHmac, timingSafeEqual } from 'node:crypto'
import { currentKey, type Keyring } from '../lib/keyring.ts'

/** Where the chain begins again after entries that were too old were removed. */
export type Checkpoint = {
  /** The last removed entry, and its hash: the first one that is left must follow it. */
  readonly seq: bigint
  readonly hash: Uint8Array<ArrayBuffer>
  /** How many were removed since the first one. */
  readonly entries: bigint
  readonly at: Date
}

export type SignedCheckpoint = Checkpoint & {
  readonly signature: Uint8Array<ArrayBuffer>
  readonly keyVersion: number
}

/** Where a chain begins of which nothing was removed. */
export const BEGINNING = { seq: 0n, hash: new Uint8Array(32), entries: 0n } as const

const PURPOSE = 'audit-checkpoint'

function signatureUnder(key: Buffer, { seq, hash, entries, at }: Checkpoint) {
  const said = [String(seq), Buffer.from(hash).toString('hex'), String(entries), at.toISOString()]
  return new Uint8Array(createHmac('sha256', key).update(JSON.stringify(said)).digest())
}

/** Only who has the master key can say that entries were removed rightly. */
export const signCheckpoint = (keyring: Keyring, checkpoint: Checkpoint): SignedCheckpoint => ({
  ...checkpoint,
  signature: signatureUnder(currentKey(keyring, PURPOSE), checkpoint),
  keyVersion: keyring.version,
})

/** False also when the master key that it was signed under is not in the ring. */
export function isGenuine(keyring: Keyring, checkpoint: SignedCheckpoint): boolean {
  const key = keyring.derive(PURPOSE, checkpoint.keyVersion)
  if (!key || checkpoint.signature.length !== 32) return false
  return timingSafeEqual(signatureUnder(key, checkpoint), checkpoint.signature)
}
