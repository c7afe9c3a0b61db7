import ipaddr from 'ipaddr.js'

/**
 * How wrong passwords slow the next try down, and whom.
 *
 * A try counts against one of two things. From an address where this person has signed in within the last 30 days it
 * counts against the pair of the two alone; from anywhere else against the account and against the address. So:
 *
 * - Guessing at one account from many addresses is slowed by the account, guessing at many accounts from one address
 *   by the address: each to about one try a minute in the long run.
 * - Nobody is locked out by others. Who attacks an account from elsewhere, or any account from the same office, never
 *   touches the pair, and signed-in sessions are not asked at all. A person at a new address waits a minute at most,
 *   because a try during the delay is not tried, not counted and does not make the delay longer.
 * - A right password clears the account or the pair, never the address: otherwise an attacker would sign in to an
 *   account of their own between two guesses.
 * - Names that do not exist are slowed alike, so the delay says nothing about who exists.
 */
type Delays = { readonly free: number }

const ACCOUNT: Delays = { free: 5 }
// A whole office may sit behind one address and mistype on a Monday morning.
const ADDRESS: Delays = { free: 20 }
const MAX_DELAY_MS = 60_000

/** One failure is forgotten per this time. */
export const FORGET_ONE_MS = 60_000
/** Rows not touched for this long say nothing any more: the delay is over and no more than a few tries are counted. */
export const FORGET_ALL_MS = 3_600_000
/** An address stays known to an account for this long after a sign-in. */
export const KNOWN_MS = 30 * 86_400_000

/** Counts wrong names of all addresses together, only to tell the audit log how many there are. Slows nothing. */
export const UNKNOWN_NAMES = 'unknown'

/** What a try counts against. `cleared` is forgotten when the password was right. */
export type Watched = { readonly subjects: readonly string[]; readonly cleared: string }

export type Failures = { readonly subject: string; readonly failures: number; readonly lastFailedAt: Date }

/** IPv6 by its /64, which is what one subscriber has; IPv4 whole. */
export function toNetwork(address: string | null): string {
  if (address === null || !ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  return parsed.kind() === 'ipv6'
    ? `${parsed.toNormalizedString().split(':').slice(0, 4).join(':')}::/64`
    : parsed.toString()
}

/** `username` is null for a name that cannot exist; `known` are the addresses of the account's recent sign-ins. */
export function watch(username: string | null, address: string | null, known: readonly string[]): Watched {
  const network = toNetwork(address)
  const ofAddress = `address:${network}`
  if (username === null) return { subjects: [ofAddress], cleared: ofAddress }
  if (known.some((one) => toNetwork(one) === network)) {
    const pair = `known:${username}@${network}`
    return { subjects: [pair], cleared: pair }
  }
  const account = `account:${username}`
  return { subjects: [account, ofAddress], cleared: account }
}

/** How many failures still count at `now`. */
export const remaining = ({ failures, lastFailedAt }: Failures, now: Date): number =>
  Math.max(0, failures - Math.floor(Math.max(0, now.getTime() - lastFailedAt.getTime()) / FORGET_ONE_MS))

/** Milliseconds until the next try is allowed: none for the first few, then 1 s, 2 s, 4 s… up to a minute. */
export function waitMs(counted: Failures, now: Date): number {
  const { free } = counted.subject.startsWith('address:') ? ADDRESS : ACCOUNT
  if (counted.subject === UNKNOWN_NAMES || counted.failures < free) return 0
  const delay = Math.min(MAX_DELAY_MS, 1000 * 2 ** Math.min(counted.failures - free, 16))
  return Math.max(0, counted.lastFailedAt.getTime() + delay - now.getTime())
}

/** The 1st, 2nd, 4th, 8th… failure is worth an audit entry: an attack is seen and does not fill the log. */
export const isNotable = (failures: number): boolean => failures > 0 && (failures & (failures - 1)) === 0
