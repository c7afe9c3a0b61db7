import { Webhook as Signer } from 'standardwebhooks'
import { z } from 'zod'
import { NOTICE_KINDS } from '../users/notice.ts'

const MAX_URL = 2_000

export const webhookSchema = z.object({
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL.' }).max(MAX_URL),
  kinds: z.array(z.enum(NOTICE_KINDS)).transform((kinds) => [...new Set(kinds)]),
  enabled: z.boolean(),
})

/** A secret as Standard Webhooks writes it: `whsec_` and base64 of 32 random bytes. */
export const mintWebhookSecret = (bytes: (count: number) => Buffer): string => `whsec_${bytes(32).toString('base64')}`

/** The headers of a signed delivery; `id` stays the same over its attempts, so that the receiver can tell them apart. */
export function signDelivery(secret: string, id: string, at: Date, body: string): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/json',
    'user-agent': 'ai-controller-webhooks',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Signer(secret).sign(id, at, body),
  }
}

/** Minutes to wait after each failed attempt; after the last one the delivery has failed for good. */
const BACK_OFF_MINUTES = [1, 5, 30, 120, 300, 600, 1440]

/** When to try again after this many attempts; null: not any more. */
export function nextAttempt(attempts: number, now: Date): Date | null {
  const minutes = BACK_OFF_MINUTES[attempts - 1]
  return minutes === undefined ? null : new Date(now.getTime() + minutes * 60_000)
}
