import type { Config } from '../config.ts'
import type { Breaker, Breakers } from '../lib/breaker.ts'
import type { Keyring } from '../lib/keyring.ts'
import type { Logger } from '../lib/log.ts'
import type { Outgoing } from '../lib/outgoing.ts'
import { open } from '../lib/seal.ts'
import { compileModels, listModels, type ModelMatcher } from '../providers/model.ts'
import { credentialHeaders, credentialPlace } from '../providers/provider.ts'
import type { ProviderRow } from './directory.store.ts'
import { type Connections, LeanPool } from './lean/pool.ts'
import { Places } from './places.ts'
import { RetryBudget } from './retry-budget.ts'

/** A provider as the hot path uses it: nothing is left to compute per request. */
export type Upstream = Pick<
  ProviderRow,
  | 'id'
  | 'name'
  | 'version'
  | 'enabled'
  | 'wireFormat'
  | 'apiVersion'
  | 'firstByteTimeoutMs'
  | 'idleTimeoutMs'
  | 'totalTimeoutMs'
> & {
  /** Connections to its origin. */
  readonly pool: Connections
  readonly origin: string
  readonly connectTimeoutMs: number
  /** The base URL's path without a slash at its end. */
  readonly prefix: string
  /** Name and value of the credential header; empty for none; null when the sealed credential cannot be opened. */
  readonly credential: readonly string[] | null
  readonly allows: ModelMatcher
  /** The names that are answered to a caller who asks for a list. */
  readonly models: readonly string[]
  readonly createdAt: number
  readonly breaker: Breaker
  readonly retries: RetryBudget
  readonly places: Places
  /** Whom to ask when this provider is meant: itself. */
  readonly candidates: readonly Candidate[]
}

/** A provider that may be asked, and for which model; null: for the one that the caller names. */
export type Candidate = { readonly upstream: Upstream; readonly model: string | null }

type Needs = {
  readonly outgoing: Outgoing
  readonly keyring: Keyring
  readonly log: Logger
  readonly breakers: Breakers
  readonly config: Pick<Config, 'fastPath'>
}

/**
 * Keeps what is known of `before` when it leads to the same place. Its pool is closed otherwise, after its last answer.
 */
export function toUpstream(needs: Needs, row: ProviderRow, before: Upstream | undefined): Upstream {
  const { outgoing, keyring, log, config, breakers } = needs
  const { origin, pathname } = new URL(row.baseUrl)
  const same = before?.origin === origin && before.connectTimeoutMs === row.connectTimeoutMs ? before : null
  if (before && !same) {
    closePool(before.pool)
    breakers.reset(row.id)
  }
  // Whoever is on a place gives it back there, whatever has changed meanwhile.
  const places = before?.places ?? new Places()
  places.setLimit(row.maxConcurrency)
  const upstream = {
    id: row.id,
    name: row.name,
    version: row.version,
    enabled: row.enabled,
    wireFormat: row.wireFormat,
    apiVersion: row.apiVersion,
    firstByteTimeoutMs: row.firstByteTimeoutMs,
    idleTimeoutMs: row.idleTimeoutMs,
    totalTimeoutMs: row.totalTimeoutMs,
    pool: same?.pool ?? openPool(outgoing, origin, row.connectTimeoutMs, config.fastPath),
    origin,
    connectTimeoutMs: row.connectTimeoutMs,
    prefix: pathname.replace(/\/+$/, ''),
    credential: readCredential(keyring, log, row),
    allows: remembering(compileModels(row.enabledModels)),
    models: listModels(row.enabledModels, row.discoveredModels),
    createdAt: row.createdAt,
    breaker: breakers.of(row.id),
    retries: same?.retries ?? new RetryBudget(),
    places,
    get candidates() {
      return itself
    },
  }
  const itself = [{ upstream, model: null }]
  return upstream
}

function openPool(outgoing: Outgoing, origin: string, connectTimeoutMs: number, lean: boolean): Connections {
  const options = { connectTimeoutMs }
  return lean ? new LeanPool(origin, outgoing.connect(origin, options)) : outgoing.pool(origin, options)
}

/** Lets what is running finish. */
export function closePool(pool: Connections): void {
  pool.close().catch(() => undefined)
}

function readCredential(keyring: Keyring, log: Logger, row: ProviderRow): readonly string[] | null {
  if (row.authType === 'NONE') return []
  if (row.sealedCredential === null) return null
  try {
    const credential = open(keyring, credentialPlace(row.id), row.sealedCredential)
    return Object.entries(credentialHeaders(row, credential)).flat()
  } catch (error) {
    // Edited, moved or sealed under another master key: this provider alone does not work.
    log.error({ err: error, providerId: row.id }, 'a provider credential cannot be opened')
    return null
  }
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
