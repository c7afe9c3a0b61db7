import { LRUCache } from 'lru-cache'
import { compileModels } from '../providers/model.ts'
import type { Limit } from './limit.ts'

/** Whom a request is of and what it is for. */
export type Subject = {
  readonly keyId: string
  readonly ownerId: string
  readonly providerId: string
  readonly model: string
}

const MODELS_KEPT = 10_000

/** Finds the limits of a request by its own facts: those that do not concern it cost nothing. */
export class LimitIndex<Held extends { readonly limit: Limit }> {
  readonly #byTarget = new Map<string, Held[]>()
  readonly #groups: ReadonlyMap<string, readonly string[]>
  readonly #models: readonly (readonly [matches: (model: string) => boolean, held: Held])[]
  // A name is matched against the patterns once.
  readonly #byModel = new LRUCache<string, readonly Held[]>({ max: MODELS_KEPT })
  readonly #everywhere: readonly Held[]
  readonly #all: readonly Held[]

  /** `groups`: the groups of each user. */
  constructor(all: readonly Held[], groups: ReadonlyMap<string, readonly string[]>) {
    this.#groups = groups
    this.#all = all
    for (const held of all) {
      const { keyId, userId, groupId, providerId } = held.limit
      const target = keyId ?? userId ?? groupId ?? providerId
      if (target !== null) this.#byTarget.set(target, [...(this.#byTarget.get(target) ?? []), held])
    }
    this.#models = all.flatMap((held) =>
      held.limit.modelPattern === null ? [] : [[compileModels([held.limit.modelPattern]), held] as const],
    )
    this.#everywhere = all.filter(({ limit }) => limit.target === 'EVERYTHING')
  }

  find({ keyId, ownerId, providerId, model }: Subject): readonly Held[] {
    // Where nobody has set a limit, looking for one costs nothing.
    if (this.#all.length === 0) return this.#all
    const found: Held[] = [...this.#everywhere]
    for (const id of [keyId, ownerId, providerId, ...(this.#groups.get(ownerId) ?? [])]) {
      const held = this.#byTarget.get(id)
      if (held) found.push(...held)
    }
    if (this.#models.length > 0) found.push(...this.#ofModel(model))
    return found
  }

  /** Those on this key, user, group or provider itself. */
  ofTarget(id: string): readonly Held[] {
    return this.#byTarget.get(id) ?? []
  }

  #ofModel(model: string): readonly Held[] {
    const known = this.#byModel.get(model)
    if (known) return known
    const found = this.#models.filter(([matches]) => matches(model)).map(([, held]) => held)
    this.#byModel.set(model, found)
    return found
  }
}
