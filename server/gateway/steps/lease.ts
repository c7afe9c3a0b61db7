import type { Held } from '../../limits/held.ts'
import type { Leases } from '../../limits/leases.ts'
import { describeLimit, refusalCodeOf } from '../../limits/limit.ts'
import { LimitReached } from '../../limits/limit-reached.ts'
import { formatReset } from '../../limits/window.ts'
import type { Ask } from '../ask.ts'
import type { SecretRow } from '../directory.store.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Prompt } from '../prompt.ts'
import { Refusal } from '../refusal.ts'
import type { Upstream } from '../upstream.ts'

type Asking = {
  readonly startedAt: number
  readonly secret: SecretRow
  readonly upstream: Upstream
  readonly ask: Ask
  readonly prompt: Prompt
}

const subjectOf = ({ secret: { key }, upstream, ask }: Omit<Asking, 'startedAt' | 'prompt'>) => ({
  keyId: key.id,
  ownerId: key.ownerId,
  providerId: upstream.id,
  model: ask.model,
})

/** Reserves what the request can take of every limit that concerns it. Refuses when one has no room. */
export function lease({ leases, clock }: Pick<Pipeline, 'leases' | 'clock'>, asking: Asking): Held | Promise<Held> {
  const {
    secret: { key },
    upstream,
    ask: { model },
    startedAt,
    prompt,
  } = asking
  try {
    const held = leases.reserve({
      keyId: key.id,
      ownerId: key.ownerId,
      providerId: upstream.id,
      model,
      startedAt,
      prompt,
    })
    if (!(held instanceof Promise)) return held
    return held.catch((error: unknown) => refuse(leases, clock.now().getTime(), asking, error))
  } catch (error) {
    return refuse(leases, clock.now().getTime(), asking, error)
  }
}

function refuse(leases: Leases, now: number, asking: Asking, error: unknown): never {
  throw error instanceof LimitReached ? toRefusal(error, now, asking.ask, limitHeaders(leases, now, asking)) : error
}

function toRefusal(error: LimitReached, now: number, ask: Ask, headers: readonly string[]): Refusal {
  const { limit, reason } = error
  const asked = { model: ask.model, streamed: ask.streamed, bytes: ask.bytes }
  const by = { type: 'LIMIT', id: limit.id } as const
  if (reason === 'unavailable') {
    return new Refusal('accounting_unavailable', { message: 'Quotas cannot be checked right now.', asked, by })
  }
  const shown = Object.fromEntries(headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? '']] : [])))
  if (reason === 'unpriced') {
    const message = 'The model has no price, and the quota is one of money.'
    return new Refusal('insufficient_quota', { message, param: 'model', asked, by, headers: shown })
  }
  const waitMs = error.resetsAt === null ? null : Math.max(0, error.resetsAt - now)
  const retryAfter: Readonly<Record<string, string>> =
    waitMs === null ? {} : { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) }
  return new Refusal(refusalCodeOf(limit), {
    message: `${wordsOf(error)}${resetWords(error, waitMs)}`,
    asked,
    by,
    headers: { ...retryAfter, ...shown },
  })
}

/** Which limit, without naming anybody; money is not shown in numbers, it may be another tenant's business. */
function wordsOf({ limit, allowed }: LimitReached): string {
  const what = describeLimit(limit)
  return limit.metric === 'MONEY' ? `The limit on ${what} is reached.` : `The limit of ${allowed} ${what} is reached.`
}

function resetWords({ limit, resetsAt }: LimitReached, waitMs: number | null): string {
  if (limit.metric === 'CONCURRENCY') return ' Try again when another request has ended.'
  if (resetsAt === null || waitMs === null) return ' It does not reset.'
  return ` It resets at ${new Date(resetsAt).toISOString()}, in ${formatReset(waitMs)}.`
}

const METRICS = [
  ['REQUESTS', 'requests'],
  ['TOKENS', 'tokens'],
] as const

/** Names and values of the rate-limit headers, in OpenAI's form, of the tightest limits; empty when there are none. */
export function limitHeaders(
  leases: Leases,
  now: number,
  asking: Pick<Asking, 'secret' | 'upstream' | 'ask'>,
): readonly string[] {
  const subject = subjectOf(asking)
  return METRICS.flatMap(([metric, name]) => {
    const tightest = leases.tightest(subject, metric)
    if (!tightest) return []
    const { allowed, left, resetsAt } = tightest
    const reset = resetsAt === null ? [] : [`x-ratelimit-reset-${name}`, formatReset(resetsAt - now)]
    return [`x-ratelimit-limit-${name}`, String(allowed), `x-ratelimit-remaining-${name}`, String(left), ...reset]
  })
}
