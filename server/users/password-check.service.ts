import type { Origin } from '../lib/audit.ts'
import type { Parts } from '../lib/parts.ts'
import { isPasswordRight, NOBODYS_HASH, whenThereIsRoom } from './password.ts'
import { TooManyAttempts } from './problems.ts'
import {
  FORGET_ALL_MS,
  isNotable,
  KNOWN_MS,
  remaining,
  UNKNOWN_NAMES,
  type Watched,
  waitMs,
  watch,
} from './throttle.ts'
import { clearFailures, countFailure, findFailures, forgetFailures } from './throttles.store.ts'
import { findSignInAccount, type SignInAccount } from './users.store.ts'

/** Somebody who has not shown who they are. */
export type Asking = { readonly parts: Parts; readonly origin: Origin }

export type Checked =
  | { readonly right: true; readonly id: string; readonly passwordHash: string }
  | { readonly right: false; readonly account: SignInAccount | null; readonly notableFailures: number | null }

/** The chance that a failure also clears away what is forgotten: one in this many. */
const TIDY_EVERY = 64

async function assertNoDelay({ db, clock }: Parts, { subjects }: Watched): Promise<void> {
  const now = clock.now()
  const counted = await findFailures(db.prisma, subjects)
  const wait = Math.max(0, ...counted.map((failures) => waitMs(failures, now)))
  if (wait > 0) throw new TooManyAttempts(Math.ceil(wait / 1000))
}

/** Answers how often this has failed now, if that is worth an audit entry. */
async function fail({ db, clock, random }: Parts, watched: Watched, account: SignInAccount | null) {
  const now = clock.now()
  const subjects = account ? watched.subjects : [...watched.subjects, UNKNOWN_NAMES]
  const counted = await countFailure(db.prisma, subjects, now)
  if (random.bytes(1).readUInt8() % TIDY_EVERY === 0) {
    await forgetFailures(db.prisma, new Date(now.getTime() - FORGET_ALL_MS))
  }
  const told = counted.find(({ subject }) => subject === (account ? watched.cleared : UNKNOWN_NAMES))
  const failures = told ? remaining(told, now) : 0
  return isNotable(failures) ? failures : null
}

/**
 * Checks a password, slowed as `throttle.ts` says: throws `TooManyAttempts` without having tried. `username` null is
 * a name that cannot exist. Unknown, disabled and without a password take the time of a wrong one.
 */
export async function checkPassword(
  { parts, origin }: Asking,
  username: string | null,
  password: string,
): Promise<Checked> {
  const { db, clock } = parts
  const since = new Date(clock.now().getTime() - KNOWN_MS)
  const account = await findSignInAccount(db.prisma, username ?? '', since)
  const watched = watch(username, origin.address, account?.addresses ?? [])
  // Asked before queueing, so that a flood does not fill the queue, and again inside, where only two run at a time:
  // otherwise a thousand parallel guesses would all be let in before the first has failed.
  await assertNoDelay(parts, watched)
  return whenThereIsRoom(async () => {
    await assertNoDelay(parts, watched)
    const isRight = await isPasswordRight(account?.passwordHash ?? NOBODYS_HASH, password)
    if (isRight && account?.passwordHash && account.active) {
      await clearFailures(db.prisma, watched.cleared)
      return { right: true, id: account.id, passwordHash: account.passwordHash }
    }
    return { right: false, account, notableFailures: await fail(parts, watched, account) }
  })
}
