import type { Breaker } from '../lib/breaker.ts'
import type { ModelMatcher } from '../providers/model.ts'
import type { Askable } from '../providers/pool.ts'
import type { ProviderRow } from './directory.store.ts'
import type { Connections } from './lean/pool.ts'
import type { Places } from './places.ts'
import type { RetryBudget } from './retry-budget.ts'

/** A provider that may be asked, and for which model; null: for the one that the caller names. */
export type Candidate = Askable & { readonly upstream: Upstream }

/** What a key is for, a provider or a pool of them: what the pipeline needs to know before it chooses whom to ask. */
export type Target = Pick<
  ProviderRow,
  'id' | 'version' | 'enabled' | 'kind' | 'wireFormat' | 'totalTimeoutMs' | 'repeatsUnanswered' | 'createdAt'
> & {
  /** Whether a caller may ask for a model. */
  readonly allows: ModelMatcher
  /** The names that are answered to a caller who asks for a list. */
  readonly models: readonly string[]
  /** Who can be asked for a model, first the one whose turn it is. */
  candidatesFor(model: string): readonly Candidate[]
}

/** A provider as the hot path uses it: nothing is left to compute per request. */
export type Upstream = Target &
  Pick<ProviderRow, 'name' | 'apiVersion' | 'enabledModels' | 'firstByteTimeoutMs' | 'idleTimeoutMs'> & {
    /** To its origin. */
    readonly connections: Connections
    readonly origin: string
    readonly connectTimeoutMs: number
    /** The base URL's path without a slash at its end. */
    readonly prefix: string
    /** Name and value of the credential header; empty for none; null when the sealed credential cannot be opened. */
    readonly credential: readonly string[] | null
    readonly breaker: Breaker
    readonly retries: RetryBudget
    readonly places: Places
  }
