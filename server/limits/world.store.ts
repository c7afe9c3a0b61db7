import type pg from 'pg'
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

const SETTINGS = `
  SELECT time_zone AS "timeZone", default_max_tokens AS "defaultMaxTokens" FROM installation WHERE id = 1`

const GROUPS = `
  SELECT user_id AS "userId", array_agg(group_id::text) AS "groupIds" FROM group_members m
  WHERE EXISTS (SELECT 1 FROM limits l WHERE l.group_id = m.group_id AND l.enabled AND l.deleted_at IS NULL)
  GROUP BY user_id`

/** Every enabled limit, and who belongs to the groups they name. */
export async function readLimitWorld(pool: pg.Pool): Promise<LimitWorld> {
  const [limits, groups, settings] = await Promise.all([
    pool.query<RawLimit>(LIMITS),
    pool.query<{ userId: string; groupIds: string[] }>(GROUPS),
    pool.query<Pick<LimitWorld, 'timeZone' | 'defaultMaxTokens'>>(SETTINGS),
  ])
  const [installation] = settings.rows
  if (!installation) throw new Error('there is no installation')
  return {
    ...installation,
    limits: limits.rows.map((row) => ({
      ...row,
      amount: BigInt(row.amount),
      raisedAmount: row.raisedAmount === null ? null : BigInt(row.raisedAmount),
    })),
    groups: new Map(groups.rows.map(({ userId, groupIds }) => [userId, groupIds])),
  }
}
