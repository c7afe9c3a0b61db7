import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from './clock.ts'

/** Where randomness comes from. */
export type Random = {
  /** `count` bytes of the operating system's generator. */
  bytes(count: number): Buffer
  /** A version 7 UUID: sorts by the millisecond it was made in, in no order within one. */
  uuidv7(): string
}

/** The system's randomness; the time inside an id comes from `clock`. */
export function createRandom(clock: Clock): Random {
  return { bytes: (count) => randomBytes(count), uuidv7: () => toUuidv7(clock.now(), randomBytes(10)) }
}

export const systemRandom: Random = createRandom(systemClock)

/** RFC 9562, section 5.7: 48 bits of milliseconds, then 74 random bits around version and variant. */
export function toUuidv7(at: Date, random: Buffer): string {
  const id = Buffer.alloc(16)
  id.writeUIntBE(at.getTime(), 0, 6)
  random.copy(id, 6, 0, 10)
  id.writeUInt8((id.readUInt8(6) & 0x0f) | 0x70, 6)
  id.writeUInt8((id.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = id.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
