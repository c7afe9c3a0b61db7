import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'

const BYTES = 10
const POOL_BYTES = BYTES * 400
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

const hex = (bytes: Uint8Array, at: number) => HEX[bytes[at] ?? 0] ?? ''

/**
 * Version 7 UUIDs as `random.uuidv7()` makes them, but from randomness that is fetched for 400 at a time: a system call
 * per request is dearer than all else about an id. They name requests and guard nothing.
 */
export function createRequestIds(clock: Clock, random: Random): () => string {
  let pool: Uint8Array = new Uint8Array(0)
  let at = 0
  let prefixAt = -1
  let prefix = ''
  return () => {
    if (at >= pool.length) {
      pool = random.bytes(POOL_BYTES)
      at = 0
    }
    const now = clock.now().getTime()
    if (now !== prefixAt) {
      const digits = now.toString(16).padStart(12, '0')
      prefix = `${digits.slice(0, 8)}-${digits.slice(8)}-7`
      prefixAt = now
    }
    const first = hex(pool, at + 1)
    const variant = HEX[((pool[at + 2] ?? 0) & 0x3f) | 0x80] ?? ''
    const node =
      hex(pool, at + 4) +
      hex(pool, at + 5) +
      hex(pool, at + 6) +
      hex(pool, at + 7) +
      hex(pool, at + 8) +
      hex(pool, at + 9)
    const id = `${prefix}${hex(pool, at).charAt(0)}${first}-${variant}${hex(pool, at + 3)}-${node}`
    at += BYTES
    return id
  }
}
