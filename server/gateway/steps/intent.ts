import type { UsageIntent } from '../../usage/usage-entry.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Plan } from '../plan.ts'

/** What an entry needs to know of a plan. */
export type Intended = Pick<Plan, 'call' | 'route' | 'secret' | 'upstream' | 'ask' | 'prompt' | 'held'>

/** What is recorded before a provider hears of a request. */
export const toIntent = (
  gateway: Pipeline,
  { call, route, secret, upstream, ask, prompt, held }: Intended,
): UsageIntent => ({
  id: call.id,
  startedAt: call.startedAt,
  keyId: secret.key.id,
  secretId: secret.id,
  ownerId: secret.key.ownerId,
  providerId: upstream.id,
  endpoint: route.endpoint,
  modelAsked: ask.model,
  streamed: ask.streamed,
  requestBytes: ask.bytes,
  ...intendedUse(gateway, { call, upstream, ask, prompt, held }),
})

/** What it uses for certain once it is sent: what comes true even if this process dies before it knows more. */
function intendedUse(
  { leases }: Pipeline,
  { call, upstream, ask, prompt, held }: Pick<Plan, 'call' | 'upstream' | 'ask' | 'prompt' | 'held'>,
): Pick<UsageIntent, 'charges' | 'promptTokens' | 'promptCostMicros'> {
  // Without a limit that counts tokens or money nobody has read the prompt: that is then done when it is needed.
  if (prompt.known === null) return { charges: held.begun(NOTHING_SPENT) }
  const { input } = prompt.known
  const costMicros = leases.costOf(upstream.id, ask.model, call.startedAt, { input, output: 0, cached: null })
  return { promptTokens: input, promptCostMicros: costMicros, charges: held.begun({ tokens: input, costMicros }) }
}

const NOTHING_SPENT = { tokens: null, costMicros: null }
