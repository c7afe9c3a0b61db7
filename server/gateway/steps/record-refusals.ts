import type { UsageEntry } from '../../usage/usage-entry.ts'
import type { Call } from '../call.ts'
import type { SecretRow } from '../directory.store.ts'
import type { Pipeline } from '../pipeline.ts'
import { Refusal } from '../refusal.ts'
import type { Route } from '../route.ts'

/** A refusal between knowing who asks and asking a provider becomes a usage entry, so that the key's owner sees it. */
export function recordRefusal(gateway: Pipeline, call: Call, route: Route, secret: SecretRow, error: unknown): void {
  if (error instanceof Refusal) gateway.journal.end(toEntry(call, route, secret, error), null)
}

const toEntry = (call: Call, { endpoint }: Route, { id, key }: SecretRow, refusal: Refusal): UsageEntry => ({
  id: call.id,
  startedAt: call.startedAt,
  keyId: key.id,
  secretId: id,
  ownerId: key.ownerId,
  providerId: key.providerId,
  endpoint,
  modelAsked: refusal.asked?.model ?? null,
  modelAnswered: null,
  status: refusal.status,
  code: refusal.code,
  end: 'REFUSED',
  streamed: refusal.asked?.streamed ?? false,
  inputTokens: null,
  outputTokens: null,
  cachedTokens: null,
  costMicros: null,
  latencyMs: call.time.totalMs,
  firstTokenMs: null,
  overheadUs: call.time.ownUs,
  requestBytes: refusal.asked?.bytes ?? 0,
  responseBytes: 0,
  refusedByType: refusal.by?.type ?? null,
  refusedById: refusal.by?.id ?? null,
})
