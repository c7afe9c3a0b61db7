import type { Pipeline } from '../pipeline.ts'
import type { Plan } from '../plan.ts'
import type { Presence } from '../presence.ts'
import { Relay } from '../relay.ts'
import { beginEntry } from './begin-entry.ts'
import { toIntent } from './intent.ts'

/**
 * Asks the provider and passes its answer on. The request is in the journal before the provider hears of it, and its
 * end before the caller gets the last byte. Throws a `Refusal` only while the caller has not got a byte.
 */
export async function forward(gateway: Pipeline, plan: Plan, presence: Presence): Promise<void> {
  const intent = toIntent(gateway, plan)
  const segment = await beginEntry(gateway, intent)
  using relay = new Relay(gateway, plan, intent, segment)
  await relay.run(presence)
}
