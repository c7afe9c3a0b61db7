/** A signed-in browser. */
export type Session = {
  readonly id: string
  readonly userId: string
  readonly tokenHash: Uint8Array<ArrayBuffer>
  readonly createdAt: Date
  /** At most a minute late. */
  readonly lastSeenAt: Date
  readonly expiresAt: Date
  readonly endedAt: Date | null
  readonly address: string | null
  readonly userAgent: string | null
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** A session ends when it was not used for this long… */
export const IDLE_MS = 12 * 60 * MINUTE_MS
/** …and in any case after this long. */
export const ABSOLUTE_MS = 30 * DAY_MS
/** Last seen and last used are written at most this often: a page asks many times a second. */
export const SEEN_EVERY_MS = MINUTE_MS

type Span = Pick<Session, 'endedAt' | 'expiresAt' | 'lastSeenAt'>

export const isLive = ({ endedAt, expiresAt, lastSeenAt }: Span, now: Date): boolean =>
  endedAt === null && expiresAt > now && now.getTime() - lastSeenAt.getTime() < IDLE_MS

/** True when `at` is so long ago (or never) that it is worth writing down again. */
export const isSeenLongAgo = (at: Date | null, now: Date): boolean =>
  at === null || now.getTime() - at.getTime() >= SEEN_EVERY_MS
