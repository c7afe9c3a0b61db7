import { publicOrigin } from '../lib/links.ts'
import { type MailServer, sendMail } from '../lib/outgoing-mail.ts'
import type { Parts } from '../lib/parts.ts'
import { open } from '../lib/seal.ts'
import { pathOf, titleOf } from '../users/notice.ts'
import { toNotice } from '../users/notices.store.ts'
import * as store from './deliveries.store.ts'
import type { Job } from './jobs.service.ts'
import { nextAttempt, signDelivery } from './webhook.ts'

const MINUTE_MS = 60_000
const BATCH = 20
const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 64 * 1024
const MAX_ERROR = 300

type Row = store.DeliveryRow
type Outcome = { readonly responseStatus: number | null; readonly error: string | null }

export const mailPlace = { table: 'mail_settings', id: '1', column: 'sealed_password' } as const
export const webhookPlace = (id: string) => ({ table: 'webhooks', id, column: 'sealed_secret' }) as const

/** The mail server of the settings; null: none is set. */
export function toMailServer({ keyring }: Parts, settings: store.MailSettingsRow): MailServer | null {
  const { host, fromAddress, sealedPassword } = settings
  if (host === null || fromAddress === null) return null
  const password = sealedPassword && open(keyring, mailPlace, sealedPassword)
  return { host, port: settings.port, tls: settings.tls, username: settings.username, password, from: fromAddress }
}

/** What a webhook is sent: what the notice says, and where in the console something can be done. */
export function toPayload(parts: Parts, row: Row): string {
  const notice = toNotice(row.notice)
  return JSON.stringify({
    type: notice.kind.toLowerCase().replaceAll('_', '.'),
    timestamp: notice.at.toISOString(),
    data: {
      title: titleOf(notice),
      url: publicOrigin(parts.config) + pathOf(notice),
      subjectType: notice.subjectType,
      subjectId: notice.subjectId,
      subjectName: notice.subjectName,
      details: notice.details,
    },
  })
}

async function post(parts: Parts, row: Row, webhook: store.WebhookRow): Promise<Outcome> {
  const body = toPayload(parts, row)
  const secret = open(parts.keyring, webhookPlace(webhook.id), webhook.sealedSecret)
  const headers = signDelivery(secret, row.id, parts.clock.now(), body)
  const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES }
  const { status } = await parts.outgoing.request(webhook.url, { method: 'POST', headers, body, ...limits })
  const taken = status >= 200 && status < 300
  return { responseStatus: status, error: taken ? null : `The receiver answered ${status}.` }
}

async function mail(parts: Parts, row: Row): Promise<Outcome> {
  const server = toMailServer(parts, await store.getMailSettings(parts.db.prisma))
  const { email, active, deletedAt } = row.notice.user
  if (!server || !email || !active || deletedAt) return { responseStatus: null, error: 'There is no address any more.' }
  const notice = toNotice(row.notice)
  const title = titleOf(notice)
  const text = `${title}.\n\n${publicOrigin(parts.config)}${pathOf(notice)}\n`
  await sendMail(parts.outgoing, server, { to: email, subject: title, text, messageId: `<${row.id}@ai-controller>` })
  return { responseStatus: null, error: null }
}

/** One attempt. The outcome is stored; nothing is thrown for what the other side does. */
export async function attemptDelivery(parts: Parts, id: string): Promise<void> {
  const { prisma } = parts.db
  const row = await store.findDelivery(prisma, id)
  if (!row) return
  const outcome = await send(parts, row)
  const now = parts.clock.now()
  const { responseStatus, error } = outcome
  if (error === null) {
    await store.updateDelivery(prisma, id, { status: 'DELIVERED', finishedAt: now, responseStatus, lastError: null })
    return
  }
  const again = nextAttempt(row.attempts, now)
  const lastError = error.slice(0, MAX_ERROR)
  const rest = again ? { nextAttemptAt: again } : { status: 'FAILED' as const, finishedAt: now }
  await store.updateDelivery(prisma, id, { responseStatus, lastError, ...rest })
}

async function send(parts: Parts, row: Row): Promise<Outcome> {
  try {
    if (row.webhook?.enabled === false) return { responseStatus: null, error: 'The webhook is switched off.' }
    return row.webhook ? await post(parts, row, row.webhook) : await mail(parts, row)
  } catch (error) {
    return { responseStatus: null, error: error instanceof Error ? error.message : 'unknown error' }
  }
}

/** Makes deliveries of new notices and attempts what is due. A node that dies in between leaves them to the next. */
export const DELIVERY_JOB: Job = {
  name: 'deliveries',
  everyMs: 5_000,
  async run(parts) {
    const { pool } = parts.db
    while ((await store.handOn(pool, parts.clock.now())) > 0);
    for (;;) {
      const now = parts.clock.now()
      const ids = await store.claimDeliveries(pool, now, new Date(now.getTime() + 5 * MINUTE_MS), BATCH)
      if (ids.length === 0) return
      await Promise.all(ids.map((id) => attemptDelivery(parts, id)))
    }
  },
}
