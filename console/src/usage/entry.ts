import { toMoney } from '../ui/numbers.ts'
import type { Look } from '../ui/StatusBadge.vue'
import type { Entry } from './documents.ts'

/** How a status is shown: 2xx went well, 499 is the caller who left, 5xx is a failure, the rest was refused. */
export function statusLook(entry: Pick<Entry, 'status'>): Look {
  const label = String(entry.status)
  if (entry.status < 400) return { label, icon: 'i-lucide-check', color: 'success' }
  if (entry.status === 499) return { label, icon: 'i-lucide-unplug', color: 'neutral' }
  if (entry.status === 429) return { label, icon: 'i-lucide-gauge', color: 'warning' }
  if (entry.status < 500) return { label, icon: 'i-lucide-ban', color: 'warning' }
  return { label, icon: 'i-lucide-x', color: 'error' }
}

/** What a request cost; tokens whose price was unknown say so, because unknown is not free. */
export function toCostText(entry: Pick<Entry, 'costMicros' | 'inputTokens' | 'outputTokens'>): string {
  if (entry.costMicros !== null) return toMoney(entry.costMicros)
  return entry.inputTokens === null && entry.outputTokens === null ? '–' : 'Price unknown'
}

/** How a request ended, in words. */
export const endWords: Readonly<Record<string, string>> = {
  COMPLETE: 'Answered to its end',
  CLIENT_LEFT: 'The caller left before the end',
  UPSTREAM_FAILED: 'The provider failed',
  INTERRUPTED: 'The gateway stopped while it ran',
  REFUSED: 'Refused by the gateway',
}

/** What each refusal or failure code means, and the first thing to try. */
export const codeHints: Readonly<Record<string, string>> = {
  invalid_api_key: 'The key is missing, mistyped or unknown. Check what the program sends.',
  key_expired: 'The key has expired. Create another one, or extend it before it ends.',
  key_deleted: 'The key is deleted. It can be restored for 30 days.',
  key_disabled: 'The owner or the provider of the key is disabled.',
  key_pending: 'The key waits for approval.',
  permission_denied: 'A rule or a restriction of the key does not allow this.',
  model_not_available: 'The provider of the key does not offer this model, or it is not enabled.',
  rate_limit_exceeded: 'Too many requests at once. Slow down, or spread them out.',
  concurrency_limit_exceeded: 'Too many requests at the same time.',
  insufficient_quota: 'A quota is used up. The message says when it starts anew.',
  upstream_unreachable: 'The provider could not be reached.',
  upstream_timeout: 'The provider took too long.',
  upstream_auth: 'The provider refused our credential. An administrator has to renew it.',
  upstream_invalid_response: 'The provider answered something that is not an answer.',
  invalid_json: 'The body is not JSON.',
  invalid_body: 'The body is not a request the gateway understands.',
  request_too_large: 'The body is larger than the gateway allows.',
}
