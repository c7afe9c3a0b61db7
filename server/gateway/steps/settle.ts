import type { UsageEnd, UsageEntry, UsageIntent } from '../../usage/usage-entry.ts'
import type { Answer } from '../answer.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Plan } from '../plan.ts'
import type { Tokens } from '../tokens.ts'
import type { Upstream } from '../upstream.ts'
import { type Used, usedBy } from '../used.ts'

/** How a request ended. `upstream` is the provider that was asked last, and `model` what it was asked for. */
export type Ended = {
  readonly end: UsageEnd
  readonly status: number
  readonly code: string | null
  readonly answer: Answer | null
  /** True when a provider has got the request. */
  readonly sent: boolean
  readonly upstream: Upstream
  readonly model: string
  /** Our own time before the provider was asked (ms). */
  readonly beforeMs: number
}

const UNUSED: Used = { tokens: null, estimated: false }

const sumOf = (tokens: Tokens | null) =>
  tokens && (tokens.input !== null || tokens.output !== null) ? (tokens.input ?? 0) + (tokens.output ?? 0) : null

/** The usage entry of a request that is over. What it holds of limits is settled to what it used. */
export function settle(gateway: Pipeline, plan: Plan, intent: UsageIntent, ended: Ended): UsageEntry {
  const { answer, end } = ended
  // What never reached a provider, or was never answered by one, used nothing.
  const isUsed = answer !== null || (ended.sent && end !== 'UPSTREAM_FAILED')
  const { tokens, estimated } = isUsed ? usedBy(plan, answer) : UNUSED
  const costMicros = tokens ? costOf(gateway, plan, ended, tokens) : null
  return {
    ...intent,
    modelAnswered: answer?.model ?? null,
    status: ended.status,
    code: ended.code,
    end,
    inputTokens: tokens?.input ?? null,
    outputTokens: tokens?.output ?? null,
    cachedTokens: tokens?.cached ?? null,
    tokensEstimated: estimated,
    costMicros,
    latencyMs: Math.round(performance.now() - plan.call.arrivedAt),
    firstTokenMs: answer?.firstTokenMs ?? null,
    overheadUs: answer?.overheadUs ?? Math.round(ended.beforeMs * 1000),
    responseBytes: answer?.bytes ?? 0,
    refusedByType: null,
    refusedById: null,
    charges: plan.held.settle({ tokens: sumOf(tokens), costMicros }),
  }
}

/** By the model that was asked for, or where that has no price, the one that answered. */
function costOf({ leases }: Pipeline, { call }: Plan, { upstream, model, answer }: Ended, tokens: Tokens) {
  const cost = (of: string) => leases.costOf(upstream.id, of, call.startedAt, tokens)
  const answered = answer?.model ?? null
  return cost(model) ?? (answered === null ? null : cost(answered))
}
