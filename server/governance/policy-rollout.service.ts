import { subjectOf } from '../keys/key.ts'
import { lockKeys } from '../keys/keys.store.ts'
import { findPolicy } from '../keys/policies.store.ts'
import { type Policy, subjectOf as policySubject } from '../keys/policy.ts'
import { breachesOf, defaultExpiry, latestExpiry } from '../keys/policy-check.ts'
import { change } from '../lib/change.ts'
import { FIRST_ID } from '../lib/page.ts'
import type { Parts } from '../lib/parts.ts'
import { NotFound } from '../lib/problems.ts'
import { isId } from '../lib/text.ts'
import { insertNotices } from '../users/notices.store.ts'
import type { Act } from '../users/viewer.ts'
import { END_BATCH } from './expire.service.ts'
import { actingFor, goOnAtOnce, type LongWork } from './long-work.service.ts'
import { countBreaking, nextBroken, nextLate } from './policy-breaches.service.ts'
import { type GovernedKey, listGovernedKeys } from './policy-breaches.store.ts'
import * as store from './policy-rollout.store.ts'

type Rollout = store.PolicyRollout

const DAY_MS = 86_400_000
/** Nobody is surprised by a key that ends today because of a rule of today. */
const GRACE_DAYS = 7

/** The expiry that the policy allows, but not sooner than a week from now, unless no key of the type lives a week. */
function cappedExpiry(policy: Policy, since: Date, now: Date): Date {
  const latest = latestExpiry(policy, since) ?? defaultExpiry(policy, now)
  const graceDays = Math.min(GRACE_DAYS, policy.maxLifetimeDays ?? GRACE_DAYS)
  return new Date(Math.max(latest.getTime(), now.getTime() + graceDays * DAY_MS))
}

type Batch = { readonly rollout: Rollout; readonly policy: Policy; readonly keys: readonly GovernedKey[] }

/** Shortens the lives of these keys to what the policy allows, each with its audit entry. */
function cap(parts: Parts, { rollout, policy, keys }: Batch): Promise<void> {
  const since = new Map(keys.map((key) => [key.id, key.since]))
  return change(actingFor(parts, rollout), async (tx, record) => {
    const now = parts.clock.now()
    const caps = (await lockKeys(tx, [...since.keys()]))
      .map((key) => ({ key, expiresAt: cappedExpiry(policy, since.get(key.id) ?? now, now) }))
      .filter(({ key, expiresAt }) => !key.deletedAt && (key.expiresAt === null || key.expiresAt > expiresAt))
    await store.capKeys(
      tx,
      caps.map(({ key: { id }, expiresAt }) => ({ id, expiresAt })),
    )
    await store.addChanged(tx, rollout.id, caps.length)
    const after = { policyId: policy.id, rolloutId: rollout.id }
    for (const { key, expiresAt } of caps) {
      const before = { expiresAt: key.expiresAt }
      record({ action: 'applyPolicy', ...subjectOf(key), before, after: { ...after, expiresAt } })
    }
  })
}

/** Tells each owner once for each version of the policy. */
function ask({ db, clock }: Parts, { rollout, policy, keys }: Batch): Promise<void> {
  const notices = keys.map((key) => ({
    userId: key.ownerId,
    kind: 'POLICY_BROKEN' as const,
    occasion: `policy:${policy.id}:${policy.version}:${key.id}`,
    ...subjectOf(key),
    details: { why: [...breachesOf(policy, key)].map(({ message }) => message).join(' ') },
  }))
  return db.prisma.$transaction(async (tx) => {
    await store.addChanged(tx, rollout.id, await insertNotices(tx, notices, clock.now()))
  })
}

// Which keys each choice is about, and what it does about them.
const CHOICES = {
  LEAVE: { count: () => 0, find: async () => ({ ids: [], next: null }), act: async () => undefined },
  CAP: { count: ({ late }) => late, find: nextLate, act: cap },
  ASK_OWNERS: { count: ({ broken }) => broken, find: nextBroken, act: ask },
} satisfies Record<store.PolicyChoice, Choice>

type Choice = {
  count(counts: Awaited<ReturnType<typeof countBreaking>>): number
  readonly find: typeof nextBroken
  act(parts: Parts, batch: Batch): Promise<void>
}

async function doBatch(parts: Parts, rollout: Rollout): Promise<void> {
  const { db, clock } = parts
  const now = clock.now()
  const policy = await findPolicy(db.prisma, { id: rollout.policyId })
  if (policy?.version !== rollout.policyVersion) {
    // What was changed or taken away meanwhile is not carried through any more.
    await store.moveOn(db.prisma, rollout, { done: 0, next: null, now })
    return
  }
  const { find, act }: Choice = CHOICES[rollout.choice]
  const page = { after: rollout.afterId, take: END_BATCH }
  const { ids, next } = await find(db, { keyType: policy.keyType, rules: policy, now }, page)
  const keys = await listGovernedKeys(db.pool, ids)
  if (keys.length > 0) await act(parts, { rollout, policy, keys })
  await store.moveOn(db.prisma, rollout, { done: keys.length, next, now })
}

/** Brings keys that are older than a policy under it. */
export const POLICY_ROLLOUT: LongWork<Rollout> = {
  name: 'policy-rollouts',
  listUnfinished: store.listUnfinished,
  async *batches(parts, begun) {
    for (let rollout = begun; rollout.finishedAt === null; yield rollout) {
      await doBatch(parts, rollout)
      rollout = await store.getRollout(parts.db.prisma, rollout.id)
    }
  },
}

/**
 * Does what was chosen about the keys that break a policy: nothing, shorten the lives that are too long, or tell the
 * owners. Answers when that is done or, with very many keys, after ten seconds: the rest goes on by itself, after a
 * restart too. Repeating it does no more. Throws `NotFound`.
 */
export async function applyPolicy(act: Act, input: { readonly id: string; readonly choice: store.PolicyChoice }) {
  const { parts, viewer, origin } = act
  const { db, clock, random } = parts
  const policy = isId(input.id) ? await findPolicy(db.prisma, { id: input.id }) : null
  if (!policy) throw new NotFound('policy')
  const startedAt = clock.now()
  const counts = await countBreaking(db, { keyType: policy.keyType, rules: policy, now: startedAt })
  const id = random.uuidv7()
  const { choice } = input
  const rollout = await change(act, async (tx, record) => {
    record({
      action: 'applyPolicy',
      ...policySubject(policy),
      after: { choice, brokenCount: counts.broken, rolloutId: id },
    })
    return store.insertRollout(tx, {
      ...{ id, policyId: policy.id, policyVersion: policy.version, choice, startedAt },
      ...{ brokenKeys: counts.broken, totalKeys: CHOICES[choice].count(counts), afterId: FIRST_ID },
      ...{ actorId: viewer.id, actorName: viewer.username, actorVia: viewer.via },
      ...{ address: origin.address, requestId: origin.requestId },
    })
  })
  return goOnAtOnce(POLICY_ROLLOUT, parts, rollout)
}
