import type { Random } from '../lib/random.ts'

const BYTES = 10
const POOL_BYTES = BYTES * 400
const DIGITS = Buffer.from('0123456789abcdef')
/** Where the random digits of an id stand: the first three are behind the version, the fourth says the variant. */
const PLACES = [15, 16, 17, 19, 20, 21, 22, ...Array.from({ length: 12 }, (_, at) => 24 + at)]
const VARIANT = 19

/**
 * Version 7 UUIDs of a time (epoch milliseconds), as `random.uuidv7()` makes them, but from randomness that is fetched
 * for 400 at a time: a system call per request is dearer than all else about an id. They name requests and guard nothing.
 */
export function createRequestIds(random: Random): (now: number) => string {
  const id = Buffer.from('00000000-0000-7000-8000-000000000000')
  let pool: Uint8Array = new Uint8Array(0)
  let at = 0
  let writtenAt = -1

  function writeTime(now: number) {
    const digits = now.toString(16).padStart(12, '0')
    id.write(digits.slice(0, 8), 0, 'latin1')
    id.write(digits.slice(8), 9, 'latin1')
    writtenAt = now
  }

  return (now) => {
    if (at >= pool.length) {
      pool = random.bytes(POOL_BYTES)
      at = 0
    }
    if (now !== writtenAt) writeTime(now)
    for (let digit = 0; digit < PLACES.length; digit++) {
      const byte = pool[at + (digit >> 1)] ?? 0
      const bits = digit % 2 === 0 ? byte >> 4 : byte & 15
      const place = PLACES[digit] ?? 0
      id[place] = DIGITS[place === VARIANT ? (bits & 3) | 8 : bits] ?? 0
    }
    at += BYTES
    return id.toString('latin1')
  }
}
