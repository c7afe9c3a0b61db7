import type { Held } from '../../limits/held.ts'
import type { Leases, Wish } from '../../limits/leases.ts'
import { describeLimit, refusalCodeOf } from '../../limits/limit.ts'
import { LimitReached } from '../../limits/limit-reached.ts'
import { formatReset } from '../../limits/window.ts'
import type { Ask } from '../ask.ts'
import type { Call } from '../call.ts'
import type { SecretRow } from '../directory.store.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Prompt } from '../prompt.ts'
import { Refusal } from '../refusal.ts'
import type { Candidate, Target } from '../target.ts'

/** Who asks whom for what, before it is decided. */
export type Asking = {
  readonly call: Pick<Call, 'startedAt'>
  readonly secret: SecretRow
  readonly target: Target
  readonly candidates: readonly Candidate[]
  readonly ask: Ask
  readonly prompt: Prompt
}

type Subject = Pick<Asking, 'secret' | 'target' | 'ask'>

const subjectOf = ({ secret: { key }, target, ask }: Subject) => ({
  keyId: key.id,
  ownerId: key.ownerId,
  providerId: target.id,
  model: ask.model,
})

type Needs = Pick<Pipeline, 'leases' | 'clock'>

const toWish = ({ call, secret: { key }, target, ask, prompt }: Asking, askable: readonly Candidate[]): Wish => ({
  keyId: key.id,
  ownerId: key.ownerId,
  providerId: target.id,
  model: ask.model,
  askable,
  startedAt: call.startedAt,
  prompt,
})

/** Reserves what the request can take of every limit that concerns it. Refuses when one has no room. */
export function lease(needs: Needs, asking: Asking): Held | Promise<Held> {
  return refusing(needs, asking, () => needs.leases.reserve(toWish(asking, asking.candidates)))
}

/** The same of the limits on a pool's member alone. */
export function leaseAt(needs: Needs, asking: Asking, candidate: Candidate): Held | Promise<Held> {
  return refusing(needs, asking, () => needs.leases.reserveOn(candidate.providerId, toWish(asking, [candidate])))
}

function refusing({ leases, clock }: Needs, asking: Asking, reserve: () => Held | Promise<Held>): Held | Promise<Held> {
  try {
    const held = reserve()
    if (!(held instanceof Promise)) return held
    return held.catch((error: unknown) => refuse(leases, clock.now().getTime(), asking, error))
  } catch (error) {
    return refuse(leases, clock.now().getTime(), asking, error)
  }
}

function refuse(leases: Leases, now: number, asking: Asking, error: unknown): never {
  throw error instanceof LimitReached ? toRefusal(error, now, asking.ask, limitHeaders(leases, now, asking)) : error
}

/** Stock clients wait and ask again unless they are told that it is of no use. */
const HOPELESS = { 'x-should-retry': 'false' } as const

function toRefusal(error: LimitReached, now: number, ask: Ask, headers: readonly string[]): Refusal {
  const { limit, reason } = error
  const asked = { model: ask.model, streamed: ask.streamed, bytes: ask.bytes }
  const by = { type: 'LIMIT', id: limit.id } as const
  if (reason === 'unavailable') {
    return new Refusal('accounting_unavailable', { message: 'Quotas cannot be checked right now.', asked, by })
  }
  const shown = Object.fromEntries(headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? '']] : [])))
  if (reason === 'unpriced') {
    const message = `The model has no price, and the limit on ${describeLimit(limit)} counts prices.`
    return new Refusal('insufficient_quota', { message, param: 'model', asked, by, headers: { ...shown, ...HOPELESS } })
  }
  const waitMs = error.resetsAt === null ? null : Math.max(0, error.resetsAt - now)
  const retryAfter: Readonly<Record<string, string>> =
    waitMs === null ? {} : { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) }
  return new Refusal(refusalCodeOf(limit), {
    message: `${wordsOf(error)} ${resetWords(error, waitMs)}`,
    asked,
    by,
    headers: { ...retryAfter, ...shown, ...(reason === 'impossible' && HOPELESS) },
  })
}

/** Which limit, without naming anybody; money is not shown in numbers, it may be another tenant's business. */
function wordsOf({ limit, allowed, reason }: LimitReached): string {
  const what = `limit ${limit.metric === 'MONEY' ? 'on' : `of ${allowed}`} ${describeLimit(limit)}`
  return reason === 'impossible' ? `The request may take more than the ${what} ever allows.` : `The ${what} is reached.`
}

function resetWords({ limit, resetsAt, reason }: LimitReached, waitMs: number | null): string {
  if (reason === 'impossible') return 'Ask for fewer tokens.'
  if (limit.metric === 'CONCURRENCY') return 'Try again when another request has ended.'
  if (resetsAt === null || waitMs === null) return 'It does not reset.'
  return `It resets at ${new Date(resetsAt).toISOString()}, in ${formatReset(waitMs)}.`
}

const METRICS = [
  ['REQUESTS', 'requests'],
  ['TOKENS', 'tokens'],
] as const

/** The rate-limit headers of a request that holds something of limits; empty for one that does not. */
export const headersOf = ({ leases, clock }: Needs, asking: Subject & { readonly held: Held }): readonly string[] =>
  asking.held.isEmpty ? [] : limitHeaders(leases, clock.now().getTime(), asking)

/** Names and values of the rate-limit headers, in OpenAI's form, of the tightest limits; empty when there are none. */
function limitHeaders(leases: Leases, now: number, asking: Subject): readonly string[] {
  const subject = subjectOf(asking)
  return METRICS.flatMap(([metric, name]) => {
    const tightest = leases.tightest(subject, metric)
    if (!tightest) return []
    const { allowed, left, resetsAt } = tightest
    const reset = resetsAt === null ? [] : [`x-ratelimit-reset-${name}`, formatReset(resetsAt - now)]
    return [`x-ratelimit-limit-${name}`, String(allowed), `x-ratelimit-remaining-${name}`, String(left), ...reset]
  })
}
