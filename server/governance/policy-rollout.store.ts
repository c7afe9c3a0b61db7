import type { Prisma } from '../generated/prisma/client.ts'
import type { PolicyChoice } from '../generated/prisma/enums.ts'
import type { Tx } from '../lib/db.ts'

export type { PolicyChoice }
/** What is done about keys that break a policy that is newer than they are. */
export type PolicyRollout = Prisma.PolicyRolloutGetPayload<object>

export const insertRollout = (tx: Tx, data: Prisma.PolicyRolloutUncheckedCreateInput) =>
  tx.policyRollout.create({ data })

export const getRollout = (tx: Tx, id: string) => tx.policyRollout.findUniqueOrThrow({ where: { id } })

/** Rollouts with something left to do, begun before an instant, the oldest first. */
export const listUnfinished = (tx: Tx, before: Date) =>
  tx.policyRollout.findMany({
    where: { finishedAt: null, startedAt: { lte: before } },
    orderBy: { startedAt: 'asc' },
  })

/** The newest rollout of each of these policies. */
export const listNewest = (tx: Tx, policyIds: readonly string[]) =>
  tx.policyRollout.findMany({
    where: { policyId: { in: [...policyIds] } },
    orderBy: [{ policyId: 'asc' }, { startedAt: 'desc' }],
    distinct: ['policyId'],
  })

/** Counts keys that were shortened, or owners that were told, together with it. */
export const addChanged = (tx: Tx, id: string, count: number) =>
  tx.policyRollout.update({ where: { id }, data: { changedKeys: { increment: count } } })

type Step = { readonly done: number; readonly next: string | null; readonly now: Date }

/** Moves on to the next keys, unless another node has done so. `next` null: there are none. */
export const moveOn = (tx: Tx, { id, afterId }: PolicyRollout, { done, next, now }: Step) =>
  tx.policyRollout.updateMany({
    where: { id, afterId, finishedAt: null },
    data: { doneKeys: { increment: done }, ...(next === null ? { finishedAt: now } : { afterId: next }) },
  })

type Cap = { readonly id: string; readonly expiresAt: Date }

/** Gives keys another expiry: one statement with one parameter, whatever their number. */
export const capKeys = (tx: Tx, caps: readonly Cap[]) => tx.$executeRaw`
  UPDATE api_keys SET expires_at = cap."expiresAt", version = version + 1
  FROM jsonb_to_recordset(${JSON.stringify(caps)}::jsonb) AS cap (id uuid, "expiresAt" timestamptz)
  WHERE api_keys.id = cap.id`
