import { createHash } from 'node:crypto'
import type { Random } from '../lib/random.ts'

/** An opaque 256-bit token: of a session, a setup link, a password link. Only its hash is stored. */
export const mintToken = (random: Random): string => random.bytes(32).toString('base64url')

/** SHA-256 is enough for what is random and long: there is nothing to guess. */
export const hashToken = (token: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(token).digest())
