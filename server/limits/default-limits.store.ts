import type { Prisma } from '../generated/prisma/client.ts'
import type { LimitMetric, LimitPeriod } from '../generated/prisma/enums.ts'
import type { Tx } from '../lib/db.ts'

/** A limit that each key of a type gets: part of the policy of the type. */
export type DefaultLimit = {
  readonly metric: LimitMetric
  readonly period: LimitPeriod | null
  readonly amount: bigint
  readonly allowUnpriced: boolean
}

const SELECT = { metric: true, period: true, amount: true, allowUnpriced: true } as const
const ORDER = [{ metric: 'asc' }, { period: 'asc' }] as const

export const listDefaultLimits = (tx: Tx, policyIds: readonly string[]) =>
  tx.defaultLimit.findMany({
    where: { policyId: { in: [...policyIds] } },
    select: { ...SELECT, policyId: true },
    orderBy: [...ORDER],
  })

/** Puts these in the place of all that a policy had. */
export async function replaceDefaultLimits(
  tx: Tx,
  rows: readonly Prisma.DefaultLimitCreateManyInput[],
  policyId: string,
) {
  await tx.defaultLimit.deleteMany({ where: { policyId } })
  await tx.defaultLimit.createMany({ data: [...rows] })
}

type Missing = DefaultLimit & { readonly keyId: string; readonly policyId: string }

/** What these keys are to get by the policies of their types, besides limits of the same kind that they have already. */
export const listMissingLimits = (tx: Tx, keyIds: readonly string[]): Promise<Missing[]> => tx.$queryRaw<Missing[]>`
  SELECT k.id AS "keyId", d.policy_id AS "policyId", d.metric::text AS metric, d.period::text AS period, d.amount,
    d.allow_unpriced AS "allowUnpriced"
  FROM api_keys k JOIN policies p ON p.key_type = k.type JOIN default_limits d ON d.policy_id = p.id
  WHERE k.id = ANY(${keyIds}::uuid[]) AND NOT EXISTS (
    SELECT FROM limits l WHERE l.key_id = k.id AND l.deleted_at IS NULL AND l.metric = d.metric
      AND l.period IS NOT DISTINCT FROM d.period)
  ORDER BY k.id, d.metric, d.period`
