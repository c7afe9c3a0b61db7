import { z } from 'zod'
import { findPolicy } from '../keys/policies.store.ts'
import { type Policy, subjectOf as policySubject } from '../keys/policy.ts'
import { change, type Follower } from '../lib/change.ts'
import { NotFound } from '../lib/problems.ts'
import { isId, parse } from '../lib/text.ts'
import type { Act } from '../users/viewer.ts'
import * as store from './default-limits.store.ts'
import { limitShape } from './limit.ts'
import { subjectOf } from './limits.service.ts'
import { insertLimit } from './limits.store.ts'

const MAX_LIMITS = 10

const kindOf = ({ metric, period }: { readonly metric: string; readonly period?: string | null | undefined }) =>
  `${metric} ${period ?? ''}`

const schema = z.object({
  limits: z
    .array(limitShape)
    .max(MAX_LIMITS, `must have ${MAX_LIMITS} or fewer.`)
    .refine((limits) => new Set(limits.map(kindOf)).size === limits.length, 'must not count one thing twice.'),
})

export type DefaultLimitInput = Pick<z.input<typeof limitShape>, 'metric' | 'period' | 'amount' | 'allowUnpriced'>
type Input = { readonly policyId: string; readonly limits: readonly DefaultLimitInput[] }

/**
 * Says which limits each key of a policy's type gets when it is made, all of them. Keys that exist stay as they are.
 * Throws `InvalidInput`, `NotFound`.
 */
export async function setDefaultLimits(act: Act, { policyId, limits }: Input): Promise<Policy> {
  // Whom they are about is the key that gets them: none is named here.
  const given = parse(schema, { limits: limits.map((limit) => ({ ...limit, target: 'EVERYTHING' })) })
  const wished = given.limits.map(
    ({ metric, period, amount, allowUnpriced }): store.DefaultLimit => ({
      metric,
      period: period ?? null,
      amount,
      allowUnpriced: allowUnpriced ?? false,
    }),
  )
  return change(act, async (tx, record) => {
    const policy = isId(policyId) ? await findPolicy(tx, { id: policyId }) : null
    if (!policy) throw new NotFound('policy')
    const before = (await store.listDefaultLimits(tx, [policyId])).map(({ policyId: _, ...limit }) => limit)
    const rows = wished.map((limit) => ({ id: act.parts.random.uuidv7(), policyId, ...limit }))
    await store.replaceDefaultLimits(tx, rows, policyId)
    record({
      action: 'setDefaultLimits',
      ...policySubject(policy),
      before: { defaultLimits: before },
      after: { defaultLimits: wished },
    })
    return policy
  })
}

/** A key gets the limits of its type when it is made, or becomes of another type. */
export const giveDefaultLimits: Follower = async ({ random, clock }, tx, facts, record) => {
  const typed = facts.flatMap(({ subjectType, subjectId, after }) =>
    subjectType === 'ApiKey' && subjectId !== null && after?.['type'] !== undefined ? [subjectId] : [],
  )
  if (typed.length === 0) return
  for (const { policyId, ...limit } of await store.listMissingLimits(tx, typed)) {
    const data = { id: random.uuidv7(), target: 'KEY', createdAt: clock.now(), ...limit } as const
    const made = await insertLimit(tx, data)
    record({ action: 'createLimit', ...subjectOf(made), after: { ...limit, policyId } })
  }
}
