import type { Db } from '../lib/db.ts'
import { readSettings } from '../users/installation.store.ts'
import type { LimitWorld } from './leases.ts'
import type { Limit } from './limit.ts'

type RawLimit = Omit<Limit, 'amount' | 'raisedAmount'> & {
  readonly amount: string
  readonly raisedAmount: string | null
}

const LIMITS = `
  SELECT id, name, target, key_id AS "keyId", user_id AS "userId", group_id AS "groupId", provider_id AS "providerId",
    model_pattern AS "modelPattern", metric, period, amount, raised_amount AS "raisedAmount",
    raised_until AS "raisedUntil", enabled, allow_unpriced AS "allowUnpriced", created_at AS "createdAt",
    deleted_at AS "deletedAt", version
  FROM limits WHERE enabled AND deleted_at IS NULL`

const GROUPS = `
  SELECT user_id AS "userId", array_agg(group_id::text) AS "groupIds" FROM group_members m
  WHERE EXISTS (SELECT 1 FROM limits l WHERE l.group_id = m.group_id AND l.enabled AND l.deleted_at IS NULL)
  GROUP BY user_id`

/** Every enabled limit, and who belongs to the groups they name. */
export async function readLimitWorld({ pool, prisma }: Pick<Db, 'pool' | 'prisma'>): Promise<LimitWorld> {
  const [limits, groups, settings] = await Promise.all([
    pool.query<RawLimit>(LIMITS),
    pool.query<{ userId: string; groupIds: string[] }>(GROUPS),
    readSettings(prisma),
  ])
  return {
    limits: limits.rows.map((row) => ({
      ...row,
      amount: BigInt(row.amount),
      raisedAmount: row.raisedAmount === null ? null : BigInt(row.raisedAmount),
    })),
    groups: new Map(groups.rows.map(({ userId, groupIds }) => [userId, groupIds])),
    timeZone: settings.timeZone,
    defaultMaxTokens: settings.defaultMaxTokens,
  }
}
