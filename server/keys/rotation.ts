import { Problem } from '../lib/problems.ts'

export const OVERLAPS = ['NOW', 'ONE_HOUR', 'ONE_DAY', 'SEVEN_DAYS', 'THIRTY_DAYS', 'UNTIL_ENDED'] as const
/** How long the old secret of a rotated key works beside the new one. */
export type Overlap = (typeof OVERLAPS)[number]

const HOUR_MS = 3_600_000
const OVERLAP_MS = {
  NOW: 0,
  ONE_HOUR: HOUR_MS,
  ONE_DAY: 24 * HOUR_MS,
  SEVEN_DAYS: 7 * 24 * HOUR_MS,
  THIRTY_DAYS: 30 * 24 * HOUR_MS,
} as const satisfies Record<Exclude<Overlap, 'UNTIL_ENDED'>, number>

/** The first instant at which the old secret no longer works; null: when somebody ends the overlap. */
export const overlapEnd = (overlap: Overlap, now: Date): Date | null =>
  overlap === 'UNTIL_ENDED' ? null : new Date(now.getTime() + OVERLAP_MS[overlap])

/** A secret works until its end and not at it; the life of its key comes on top. */
export const isValidSecret = ({ expiresAt }: { readonly expiresAt: Date | null }, now: Date): boolean =>
  expiresAt === null || expiresAt.getTime() > now.getTime()

/** The order of a key's secrets: the current one, then what it replaced, the newest first. */
export const NEWEST_FIRST = [
  { supersededAt: { sort: 'desc', nulls: 'first' } },
  { createdAt: 'desc' },
  { id: 'desc' },
] as const

export class AlreadyRotating extends Problem {
  constructor() {
    super('Two secrets of this key work already. End the overlap first.')
  }
}
