import { z } from 'zod'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { sendMail } from '../lib/outgoing-mail.ts'
import { type PageArgs, toKeyset, toPage } from '../lib/page.ts'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { seal } from '../lib/seal.ts'
import { isId, name, optionalText, parse } from '../lib/text.ts'
import { UrlRefused } from '../lib/url-policy.ts'
import type { Act } from '../users/viewer.ts'
import { attemptDelivery, mailPlace, toMailServer, webhookPlace } from './deliver.service.ts'
import * as store from './deliveries.store.ts'
import { mintWebhookSecret, webhookSchema } from './webhook.ts'

const SORTING = { column: 'createdAt', direction: 'desc', nullable: false, dates: true } as const

export async function listWebhooks({ parts }: Act, args: PageArgs) {
  const { prisma } = parts.db
  const page = toPage(await store.listWebhooks(prisma, toKeyset(args, SORTING)), args, SORTING)
  return { ...page, countAll: () => store.countWebhooks(prisma) }
}

/** The delivery log, the newest first. */
export async function listDeliveries({ parts }: Act, args: PageArgs, filter: store.DeliveryFilter) {
  const { prisma } = parts.db
  const page = toPage(await store.listDeliveries(prisma, filter, toKeyset(args, SORTING)), args, SORTING)
  return { ...page, countAll: () => store.countDeliveries(prisma, filter) }
}

async function requireUrl({ parts }: Act, url: string, path = 'url'): Promise<void> {
  try {
    await parts.outgoing.checkUrl(url)
  } catch (error) {
    if (error instanceof UrlRefused) throw new InvalidInput([{ path, message: error.message }])
    throw error
  }
}

export type WebhookInput = { readonly url: string; readonly kinds: readonly string[]; readonly enabled: boolean }

const shown = ({ url, kinds, enabled }: WebhookInput) => ({ url: new URL(url).origin, kinds, enabled })

const subjectOf = ({ id, url }: { readonly id: string; readonly url: string }) =>
  ({ subjectType: 'Webhook', subjectId: id, subjectName: new URL(url).host }) as const

async function getWebhook(tx: Tx, id: string): Promise<store.WebhookRow> {
  const known = isId(id) ? await store.findWebhook(tx, id) : null
  if (!known) throw new NotFound('webhook')
  return known
}

/** Makes a webhook and its signing secret, which only this answer holds. Throws `InvalidInput`. */
export async function createWebhook(act: Act, input: WebhookInput) {
  const { random, keyring, clock } = act.parts
  const values = parse(webhookSchema, input)
  await requireUrl(act, values.url)
  const id = random.uuidv7()
  const secret = mintWebhookSecret(random.bytes)
  const sealedSecret = new Uint8Array(seal(keyring, webhookPlace(id), secret))
  const webhook = await change(act, async (tx, record) => {
    record({ action: 'createWebhook', ...subjectOf({ id, ...values }), after: shown(values) })
    return store.insertWebhook(tx, { id, ...values, sealedSecret, createdAt: clock.now() })
  })
  return { webhook, secret }
}

export type WebhookEdit = { readonly [Member in keyof WebhookInput]?: WebhookInput[Member] | null | undefined }

/** Changes what is given. Throws `InvalidInput`, `NotFound`. */
export async function updateWebhook(act: Act, { id, ...edit }: WebhookEdit & { readonly id: string }) {
  if (edit.url) await requireUrl(act, edit.url)
  return change(act, async (tx, record) => {
    const known = await getWebhook(tx, id)
    const wished = {
      url: edit.url ?? known.url,
      kinds: edit.kinds ?? known.kinds,
      enabled: edit.enabled ?? known.enabled,
    }
    const values = parse(webhookSchema, wished)
    record({ action: 'updateWebhook', ...subjectOf({ id, ...values }), before: shown(known), after: shown(values) })
    return store.updateWebhook(tx, id, values)
  })
}

/** Throws `NotFound`. Its deliveries go with it. */
export async function deleteWebhook(act: Act, id: string) {
  return change(act, async (tx, record) => {
    const known = await getWebhook(tx, id)
    record({ action: 'deleteWebhook', ...subjectOf(known), before: shown(known) })
    return store.deleteWebhook(tx, id)
  })
}

/** The first attempt, or one more, is made by who asks for it: meanwhile it is out of the job's reach. */
const heldUntil = ({ clock }: Act['parts']) => new Date(clock.now().getTime() + 60_000)

/** Makes the attempt that was recorded and answers how it stands after it. */
async function attempted({ parts }: Act, id: string): Promise<store.DeliveryRow> {
  await attemptDelivery(parts, id)
  const row = await store.findDelivery(parts.db.prisma, id)
  if (!row) throw new NotFound('delivery')
  return row
}

/** Sends a test to this webhook alone, now. It is a delivery like any other. Throws `NotFound`. */
export async function testWebhook(act: Act, id: string): Promise<store.DeliveryRow> {
  const { random, clock } = act.parts
  const deliveryId = random.uuidv7()
  await change(act, async (tx, record) => {
    const subject = subjectOf(await getWebhook(tx, id))
    record({ action: 'testWebhook', ...subject })
    const occasion = `webhook-test:${deliveryId}`
    const notice = { id: random.uuidv7(), userId: act.viewer.id, at: clock.now(), kind: 'WEBHOOK_TEST', occasion }
    await store.insertTest(tx, { notice: { ...notice, ...subject }, deliveryId, webhookId: id }, heldUntil(act.parts))
  })
  return attempted(act, deliveryId)
}

/** Sends a delivery once more, now. Throws `NotFound`. */
export async function redeliver(act: Act, id: string): Promise<store.DeliveryRow> {
  await change(act, async (tx, record) => {
    const known = isId(id) ? await store.findOccasion(tx, id) : null
    if (!known) throw new NotFound('delivery')
    record({ action: 'redeliver', subjectType: 'Delivery', subjectId: id, subjectName: known.occasion })
    const nextAttemptAt = heldUntil(act.parts)
    await store.updateDelivery(tx, id, { status: 'WAITING', attempts: { increment: 1 }, nextAttemptAt })
  })
  return attempted(act, id)
}

const SUBMISSION_PORT = 587

const mailSchema = z.object({
  host: optionalText(255),
  port: z.int().min(1, 'must be from 1 to 65535.').max(65_535, 'must be from 1 to 65535.').nullish(),
  tls: z.boolean().nullish(),
  username: optionalText(255),
  fromAddress: optionalText(254).refine(
    (text) => text == null || z.email().safeParse(text).success,
    'must be an address.',
  ),
  password: name({ min: 1, max: 500 }).nullish(),
})

export type MailEdit = z.input<typeof mailSchema>

export const getMailSettings = ({ parts }: Act) => store.getMailSettings(parts.db.prisma)

/**
 * Changes how mail is sent. A new host needs the password again, so that nobody leads it elsewhere. Throws
 * `InvalidInput`.
 */
export async function updateMailSettings(act: Act, input: MailEdit): Promise<store.MailSettingsRow> {
  const { password, ...edit } = parse(mailSchema, input)
  // Mail is secured like https; each connection checks the host again.
  if (edit.host) await requireUrl(act, `https://${edit.host}:${edit.port ?? SUBMISSION_PORT}`, 'host')
  return change(act, async (tx, record) => {
    const known = await store.getMailSettings(tx)
    const moved = edit.host !== undefined && edit.host !== known.host
    if (moved && known.sealedPassword && password === undefined) {
      throw new InvalidInput([{ path: 'password', message: 'must be given again for another host.' }])
    }
    const sealed = password == null ? null : new Uint8Array(seal(act.parts.keyring, mailPlace, password))
    const values = { ...edit, port: edit.port ?? undefined, tls: edit.tls ?? undefined }
    const { sealedPassword: _, id: _id, ...before } = known
    const subject = { subjectType: 'MailSettings', subjectId: null, subjectName: null }
    record({
      action: 'updateMailSettings',
      ...subject,
      before,
      after: { ...edit, passwordChanged: password !== undefined },
    })
    return store.updateMailSettings(tx, { ...values, ...(password !== undefined && { sealedPassword: sealed }) })
  })
}

/** Sends a mail to the viewer. Null: the server took it; otherwise what it said. Throws `InvalidInput`. */
export async function testMail({ parts, viewer }: Act): Promise<string | null> {
  const { prisma } = parts.db
  const server = toMailServer(parts, await store.getMailSettings(prisma))
  const to = await store.findEmail(prisma, viewer.id)
  if (!server) throw new InvalidInput([{ path: 'host', message: 'and the sender address must be set first.' }])
  if (!to) throw new InvalidInput([{ path: 'email', message: 'of your account is not set.' }])
  try {
    await sendMail(parts.outgoing, server, {
      to,
      subject: 'Test mail of AI Controller',
      text: 'Mail of this installation arrives.\n',
    })
    return null
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 300) : 'unknown error'
  }
}
