import { setImmediate as breathe } from 'node:timers/promises'
import { fact } from '../keys/keys.service.ts'
import { lockKeys, updateKey } from '../keys/keys.store.ts'
import { findPolicy } from '../keys/policies.store.ts'
import type { Policy } from '../keys/policy.ts'
import { breachesOf, defaultExpiry, latestExpiry, lifetimeBreaches } from '../keys/policy-check.ts'
import { change } from '../lib/change.ts'
import { NotFound } from '../lib/problems.ts'
import { isId } from '../lib/text.ts'
import { insertNotices } from '../users/notices.store.ts'
import type { Act } from '../users/viewer.ts'
import { type GovernedKey, livingKeys } from './policy-preview.store.ts'

/** What is done about keys that break a policy that is newer than they are. */
export type PolicyChoice = 'LEAVE' | 'CAP' | 'ASK_OWNERS'
export type Applied = { readonly brokenCount: number; readonly changedCount: number; readonly askedCount: number }

const DAY_MS = 86_400_000
const BATCH = 250
/** Nobody is surprised by a key that ends today because of a rule of today. */
const GRACE_DAYS = 7

/** The expiry that the policy allows, but not sooner than a week from now, unless no key of the type lives a week. */
export function cappedExpiry(policy: Policy, since: Date, now: Date): Date {
  const latest = latestExpiry(policy, since) ?? defaultExpiry(policy, now)
  const graceDays = Math.min(GRACE_DAYS, policy.maxLifetimeDays ?? GRACE_DAYS)
  return new Date(Math.max(latest.getTime(), now.getTime() + graceDays * DAY_MS))
}

/** Shortens the lives of these keys to what the policy allows, each with its audit entry. Answers how many. */
function cap(act: Act, policy: Policy, keys: readonly GovernedKey[], now: Date): Promise<number> {
  const since = new Map(keys.map((key) => [key.id, key.since]))
  return change(act, async (tx, record) => {
    let changed = 0
    for (const key of await lockKeys(tx, [...since.keys()])) {
      const expiresAt = cappedExpiry(policy, since.get(key.id) ?? now, now)
      if (key.deletedAt || (key.expiresAt !== null && key.expiresAt <= expiresAt)) continue
      await updateKey(tx, key.id, { expiresAt })
      record(fact('applyPolicy', key, { expiresAt: key.expiresAt }, { expiresAt, policyId: policy.id }))
      changed++
    }
    return changed
  })
}

/** Tells each owner once for each version of the policy. */
function ask(act: Act, policy: Policy, keys: readonly GovernedKey[], now: Date): Promise<number> {
  const notices = keys.map((key) => ({
    userId: key.ownerId,
    kind: 'POLICY_BROKEN' as const,
    occasion: `policy:${policy.id}:${policy.version}:${key.id}`,
    subjectType: 'ApiKey',
    subjectId: key.id,
    subjectName: key.name,
    details: { why: [...breachesOf(policy, key)].map(({ message }) => message).join(' ') },
  }))
  return insertNotices(act.parts.db.prisma, notices, now)
}

/**
 * Does what was chosen about the keys that break a policy: nothing, shorten the lives that are too long, or tell the
 * owners. Repeating it does no more. Throws `NotFound`.
 */
export async function applyPolicy(
  act: Act,
  input: { readonly id: string; readonly choice: PolicyChoice },
): Promise<Applied> {
  const { db, clock } = act.parts
  const policy = isId(input.id) ? await findPolicy(db.prisma, { id: input.id }) : null
  if (!policy) throw new NotFound('policy')
  const now = clock.now()
  let [brokenCount, changedCount, askedCount] = [0, 0, 0]
  for await (const keys of livingKeys(db.pool, policy.keyType, now, BATCH)) {
    const broken = keys.filter((key) => !breachesOf(policy, key).next().done)
    const tooLong = broken.filter((key) => !lifetimeBreaches(policy, key).next().done)
    brokenCount += broken.length
    if (input.choice === 'CAP' && tooLong.length > 0) changedCount += await cap(act, policy, tooLong, now)
    if (input.choice === 'ASK_OWNERS' && broken.length > 0) askedCount += await ask(act, policy, broken, now)
    await breathe()
  }
  await change(act, async (_tx, record) => {
    const subject = { subjectType: 'Policy', subjectId: policy.id, subjectName: policy.keyType }
    record({
      action: 'applyPolicy',
      ...subject,
      after: { choice: input.choice, brokenCount, changedCount, askedCount },
    })
  })
  return { brokenCount, changedCount, askedCount }
}
