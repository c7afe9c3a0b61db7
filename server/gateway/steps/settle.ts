import { joined } from '../../limits/charge.ts'
import type { UsageEnd, UsageEntry, UsageIntent } from '../../usage/usage-entry.ts'
import type { Answer } from '../answer.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Plan } from '../plan.ts'
import type { Tokens } from '../tokens.ts'
import type { Turn } from '../turn.ts'
import { type Used, usedBy } from '../used.ts'

/** How a request ended. `turn` is that of the provider that was asked last. */
export type Ended = {
  readonly end: UsageEnd
  readonly status: number
  readonly code: string | null
  readonly answer: Answer | null
  /** True when a provider has got the request. */
  readonly sent: boolean
  readonly turn: Turn
  /** How often a provider was asked. */
  readonly attempts: number
}

const UNUSED: Used = { tokens: null, estimated: false }

const sumOf = (tokens: Tokens | null) =>
  tokens && (tokens.input !== null || tokens.output !== null) ? (tokens.input ?? 0) + (tokens.output ?? 0) : null

/**
 * The usage entry of a request that is over. What it holds of limits is settled to what it used, and what may be given
 * again is kept.
 */
export function settle(gateway: Pipeline, plan: Plan, intent: UsageIntent, ended: Ended): UsageEntry {
  const { answer, end, turn } = ended
  // What never reached a provider, or was never answered by one, used nothing.
  const isUsed = answer !== null || (ended.sent && end !== 'UPSTREAM_FAILED')
  const { tokens, estimated } = isUsed ? usedBy(plan, answer) : UNUSED
  const costMicros = tokens ? costOf(gateway, plan, ended, tokens) : null
  const spent = { tokens: sumOf(tokens), costMicros }
  if (end === 'COMPLETE' && ended.status === 200) {
    plan.keeping?.complete({ model: answer?.model ?? null, tokens: spent.tokens ?? 0 })
  }
  return {
    ...intent,
    ...(plan.target.kind === 'POOL' && { answeredById: turn.upstream.id }),
    ...(ended.attempts !== 1 && { attempts: ended.attempts }),
    modelAnswered: answer?.model ?? null,
    status: ended.status,
    code: ended.code,
    end,
    inputTokens: tokens?.input ?? null,
    outputTokens: tokens?.output ?? null,
    cachedTokens: tokens?.cached ?? null,
    tokensEstimated: estimated,
    costMicros,
    latencyMs: plan.call.time.totalMs,
    firstTokenMs: answer?.firstTokenMs ?? null,
    overheadUs: answer?.overheadUs ?? plan.call.time.ownUs,
    responseBytes: answer?.bytes ?? 0,
    refusedByType: null,
    refusedById: null,
    charges: joined(plan.held.settle(spent), turn.held.settle(spent)),
  }
}

/** By the model that was asked for, or where that has no price, the one that answered. */
function costOf({ leases }: Pipeline, { call, ask }: Plan, { turn, answer }: Ended, tokens: Tokens) {
  const { upstream, model } = turn.candidate
  const cost = (of: string) => leases.costOf(upstream.id, of, call.startedAt, tokens)
  const answered = answer?.model ?? null
  return cost(model ?? ask.model) ?? (answered === null ? null : cost(answered))
}
