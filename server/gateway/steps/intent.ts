import { joined } from '../../limits/charge.ts'
import type { Spent } from '../../limits/held.ts'
import type { UsageIntent } from '../../usage/usage-entry.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Plan } from '../plan.ts'
import type { Turn } from '../turn.ts'

/** What an entry needs to know of a plan. No turn: no provider is asked. */
export type Intended = Pick<Plan, 'call' | 'route' | 'secret' | 'target' | 'ask' | 'prompt' | 'held'> & {
  readonly turn: Turn | null
}

/** What is recorded before a provider hears of a request. */
export const toIntent = (gateway: Pipeline, intended: Intended): UsageIntent => ({
  id: intended.call.id,
  startedAt: intended.call.startedAt,
  keyId: intended.secret.key.id,
  secretId: intended.secret.id,
  ownerId: intended.secret.key.ownerId,
  providerId: intended.target.id,
  endpoint: intended.route.endpoint,
  modelAsked: intended.ask.model,
  streamed: intended.ask.streamed,
  requestBytes: intended.ask.bytes,
  ...memberOf(intended),
  ...intendedUse(gateway, intended),
})

/** Whom of a pool it is sent to first: by that price it counts when this process dies before it knows more. */
function memberOf({ target, turn, ask }: Intended): Pick<UsageIntent, 'answeredById' | 'modelSent'> | null {
  if (target.kind === 'SINGLE' || turn === null) return null
  const { upstream, model } = turn.candidate
  return { answeredById: upstream.id, modelSent: model ?? ask.model }
}

/** What it uses for certain once it is sent: what comes true even if this process dies before it knows more. */
function intendedUse(
  { leases }: Pipeline,
  { call, turn, ask, prompt, held }: Intended,
): Pick<UsageIntent, 'charges' | 'promptTokens' | 'promptCostMicros'> {
  const charges = (spent: Spent) => joined(held.begun(spent), turn?.held.begun(spent) ?? [])
  // Without a limit that counts tokens or money nobody has read the prompt: that is then done when it is needed.
  if (prompt.known === null || turn === null) return { charges: charges(NOTHING_SPENT) }
  const { input } = prompt.known
  const { upstream, model } = turn.candidate
  const costMicros = leases.costOf(upstream.id, model ?? ask.model, call.startedAt, { input, output: 0, cached: null })
  return { promptTokens: input, promptCostMicros: costMicros, charges: charges({ tokens: input, costMicros }) }
}

const NOTHING_SPENT: Spent = { tokens: null, costMicros: null }
