import type { Config } from '../config.ts'
import type { Breakers } from '../lib/breaker.ts'
import type { Keyring } from '../lib/keyring.ts'
import type { Logger } from '../lib/log.ts'
import type { Outgoing } from '../lib/outgoing.ts'
import { readCredential } from '../providers/credential.ts'
import { compileModels, listModels, type ModelMatcher } from '../providers/model.ts'
import type { SingleRow } from './directory.store.ts'
import { type Connections, LeanPool } from './lean/pool.ts'
import { Places } from './places.ts'
import { RetryBudget } from './retry-budget.ts'
import type { Upstream } from './target.ts'

type Needs = {
  readonly outgoing: Outgoing
  readonly keyring: Keyring
  readonly log: Logger
  readonly breakers: Breakers
  readonly config: Pick<Config, 'fastPath'>
}

/**
 * Keeps what is known of `before` when it leads to the same place. Its connections are closed otherwise, each
 * after its last answer.
 */
export function toUpstream(needs: Needs, row: SingleRow, before: Upstream | undefined): Upstream {
  const { outgoing, keyring, log, config, breakers } = needs
  const { origin, pathname } = new URL(row.baseUrl)
  const same = before?.origin === origin && before.connectTimeoutMs === row.connectTimeoutMs ? before : null
  if (before && !same) {
    closeConnections(before.connections)
    breakers.reset(row.id)
  }
  // Whoever is on a place gives it back there, whatever has changed meanwhile.
  const places = before?.places ?? new Places()
  places.setLimit(row.maxConcurrency)
  const upstream: Upstream = {
    id: row.id,
    name: row.name,
    version: row.version,
    enabled: row.enabled,
    kind: row.kind,
    wireFormat: row.wireFormat,
    apiVersion: row.apiVersion,
    repeatsUnanswered: false,
    firstByteTimeoutMs: row.firstByteTimeoutMs,
    idleTimeoutMs: row.idleTimeoutMs,
    totalTimeoutMs: row.totalTimeoutMs,
    connections: same?.connections ?? openConnections(outgoing, origin, row.connectTimeoutMs, config.fastPath),
    origin,
    connectTimeoutMs: row.connectTimeoutMs,
    prefix: pathname.replace(/\/+$/, ''),
    credential: readCredential(keyring, log, row),
    allows: remembering(compileModels(row.enabledModels)),
    enabledModels: row.enabledModels,
    models: listModels(row.enabledModels, row.discoveredModels),
    createdAt: row.createdAt,
    breaker: breakers.of(row.id),
    retries: same?.retries ?? new RetryBudget(),
    places,
    candidatesFor: () => itself,
  }
  const itself = [{ providerId: row.id, upstream, model: null }]
  return upstream
}

function openConnections(outgoing: Outgoing, origin: string, connectTimeoutMs: number, lean: boolean): Connections {
  const options = { connectTimeoutMs }
  return lean ? new LeanPool(origin, outgoing.connect(origin, options)) : outgoing.pool(origin, options)
}

/** Lets what is running finish. */
export function closeConnections(connections: Connections): void {
  connections.close().catch(() => undefined)
}

const REMEMBERED = 1_000

/** Callers ask for the same few models over and over; names that nobody enabled must not fill the memory. */
function remembering(matches: ModelMatcher): ModelMatcher {
  const known = new Map<string, boolean>()
  return (model) => {
    const before = known.get(model)
    if (before !== undefined) return before
    if (known.size >= REMEMBERED) known.clear()
    const allowed = matches(model)
    known.set(model, allowed)
    return allowed
  }
}
