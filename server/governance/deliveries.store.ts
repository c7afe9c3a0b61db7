import type pg from 'pg'
import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import { type Keyset, NO_ROW } from '../lib/page.ts'
import { isId } from '../lib/text.ts'

export type WebhookRow = Prisma.WebhookGetPayload<object>
export type MailSettingsRow = Prisma.MailSettingsGetPayload<object>

const WITH_NOTICE = {
  notice: { include: { user: { select: { email: true, displayName: true, active: true, deletedAt: true } } } },
  webhook: true,
} as const satisfies Prisma.DeliveryInclude
export type DeliveryRow = Prisma.DeliveryGetPayload<{ include: typeof WITH_NOTICE }>

// One statement: a notice is handed on with its deliveries or not at all, and by one node only.
const HAND_ON = `
  WITH fresh AS (
    SELECT id FROM notices WHERE handed_on_at IS NULL ORDER BY at LIMIT 1000 FOR UPDATE SKIP LOCKED
  ), handed AS (
    UPDATE notices SET handed_on_at = $1 FROM fresh WHERE notices.id = fresh.id
    RETURNING notices.id, notices.user_id, notices.kind, notices.occasion
  ), mailed AS (
    INSERT INTO deliveries (id, notice_id, occasion, next_attempt_at, created_at)
    SELECT gen_random_uuid(), handed.id, handed.occasion, $1, $1
    FROM handed JOIN users person ON person.id = handed.user_id AND person.email IS NOT NULL
    WHERE EXISTS (SELECT FROM mail_settings WHERE host IS NOT NULL AND from_address IS NOT NULL)
  ), hooked AS (
    INSERT INTO deliveries (id, notice_id, webhook_id, occasion, next_attempt_at, created_at)
    SELECT gen_random_uuid(), handed.id, w.id, handed.occasion, $1, $1
    FROM handed JOIN webhooks w ON w.enabled AND (w.kinds = '{}' OR handed.kind = ANY(w.kinds))
    ON CONFLICT DO NOTHING
  ) SELECT count(*)::int AS handed FROM handed`

/** Makes the deliveries of notices that have none yet. Answers how many notices that were. */
export async function handOn(pool: pg.Pool, now: Date): Promise<number> {
  const { rows } = await pool.query<{ handed: number }>(HAND_ON, [now])
  return rows[0]?.handed ?? 0
}

/** Takes deliveries that are due; another node leaves them alone until `leaseUntil`. */
export async function claimDeliveries(pool: pg.Pool, now: Date, leaseUntil: Date, take: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `UPDATE deliveries SET next_attempt_at = $2, attempts = attempts + 1 WHERE id IN (
      SELECT id FROM deliveries WHERE status = 'WAITING' AND next_attempt_at <= $1
      ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED
    ) RETURNING id`,
    [now, leaseUntil, take],
  )
  return rows.map(({ id }) => id)
}

export const findDelivery = (tx: Tx, id: string): Promise<DeliveryRow | null> =>
  tx.delivery.findUnique({ where: { id }, include: WITH_NOTICE })

export const findOccasion = (tx: Tx, id: string) =>
  tx.delivery.findUnique({ where: { id }, select: { occasion: true } })

type Test = {
  readonly notice: Prisma.NoticeUncheckedCreateInput
  readonly deliveryId: string
  readonly webhookId: string
}

/** A notice that counts as handed on, with its one delivery, which the caller attempts. */
export const insertTest = (tx: Tx, { notice, deliveryId, webhookId }: Test, nextAttemptAt: Date) => {
  const { occasion, at } = notice
  const delivery = { id: deliveryId, webhookId, occasion, attempts: 1, nextAttemptAt, createdAt: at }
  return tx.notice.create({ data: { ...notice, handedOnAt: at, readAt: at, deliveries: { create: delivery } } })
}

export const updateDelivery = (tx: Tx, id: string, data: Prisma.DeliveryUncheckedUpdateInput) =>
  tx.delivery.update({ where: { id }, data })

/** What the delivery log may be narrowed to; null does not narrow. */
export type DeliveryFilter = {
  readonly webhookId: string | null
  readonly status: DeliveryRow['status'] | null
}

const toWhere = ({ webhookId, status }: DeliveryFilter): Prisma.DeliveryWhereInput => ({
  // What is no id is the id of nothing.
  ...(webhookId !== null && (isId(webhookId) ? { webhookId } : NO_ROW)),
  ...(status && { status }),
})

export const listDeliveries = (tx: Tx, filter: DeliveryFilter, keyset: Keyset): Promise<DeliveryRow[]> =>
  tx.delivery.findMany({
    where: { AND: [toWhere(filter), keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
    include: WITH_NOTICE,
  })

export const countDeliveries = (tx: Tx, filter: DeliveryFilter) => tx.delivery.count({ where: toWhere(filter) })

export const listWebhooks = (tx: Tx, keyset: Keyset): Promise<WebhookRow[]> =>
  tx.webhook.findMany({ where: keyset.where, orderBy: [...keyset.orderBy], take: keyset.take })
export const countWebhooks = (tx: Tx) => tx.webhook.count()
export const findWebhook = (tx: Tx, id: string) => tx.webhook.findUnique({ where: { id } })
export const insertWebhook = (tx: Tx, data: Prisma.WebhookUncheckedCreateInput) => tx.webhook.create({ data })
export const updateWebhook = (tx: Tx, id: string, data: Prisma.WebhookUncheckedUpdateInput) =>
  tx.webhook.update({ where: { id }, data: { ...data, version: { increment: 1 } } })
export const deleteWebhook = (tx: Tx, id: string) => tx.webhook.delete({ where: { id } })

export const getMailSettings = (tx: Tx): Promise<MailSettingsRow> =>
  tx.mailSettings.findUniqueOrThrow({ where: { id: 1 } })
export const updateMailSettings = (tx: Tx, data: Prisma.MailSettingsUpdateInput): Promise<MailSettingsRow> =>
  tx.mailSettings.update({ where: { id: 1 }, data })
export const findEmail = async (tx: Tx, userId: string) =>
  (await tx.user.findUnique({ where: { id: userId }, select: { email: true } }))?.email ?? null
