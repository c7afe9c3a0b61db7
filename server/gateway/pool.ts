import { compileModels } from '../providers/model.ts'
import { askMember, listPoolModels, type Member } from '../providers/pool.ts'
import type { ProviderRow } from './directory.store.ts'
import type { Candidate, Target, Upstream } from './target.ts'

type Ranked = Member & { share: number }

/** Several providers that stand in for each other. Who they are is looked up each time: a change holds at once. */
export class ProviderPool implements Target {
  readonly id: string
  readonly version: number
  readonly enabled: boolean
  readonly kind = 'POOL'
  readonly wireFormat: Target['wireFormat']
  readonly totalTimeoutMs: number
  readonly repeatsUnanswered: boolean
  readonly createdAt: number
  readonly allows: Target['allows']
  readonly #enabledModels: readonly string[]
  readonly #orders: readonly (readonly Ranked[])[]
  readonly #find: (id: string) => Upstream | undefined

  constructor(row: ProviderRow, find: (id: string) => Upstream | undefined) {
    this.id = row.id
    this.version = row.version
    this.enabled = row.enabled
    this.wireFormat = row.wireFormat
    this.totalTimeoutMs = row.totalTimeoutMs
    this.repeatsUnanswered = row.repeatsUnanswered
    this.createdAt = row.createdAt
    this.allows = compileModels(row.enabledModels)
    this.#enabledModels = row.enabledModels
    const ranked = row.members.map((member) => ({ ...member, share: 0 }))
    const orders = [...new Set(ranked.map(({ order }) => order))].toSorted((one, other) => one - other)
    this.#orders = orders.map((order) => ranked.filter((member) => member.order === order))
    this.#find = find
  }

  get models(): readonly string[] {
    const offers = this.#orders.flat().flatMap(({ providerId, models }) => {
      const upstream = this.#find(providerId)
      if (!upstream?.enabled) return []
      return [{ enabledModels: upstream.enabledModels, discoveredModels: upstream.models, models }]
    })
    return listPoolModels(this.#enabledModels, offers)
  }

  candidatesFor(model: string): readonly Candidate[] {
    return this.#orders.flatMap((members) => inTurn(members).flatMap((member) => this.#candidate(member, model) ?? []))
  }

  #candidate(member: Member, asked: string): Candidate | null {
    const upstream = this.#find(member.providerId)
    const askable = upstream && askMember(member, upstream, asked)
    return askable ? { ...askable, upstream } : null
  }
}

/**
 * Smooth weighted round robin: of as many requests as the weights add up to, each member comes first exactly as often
 * as its weight says, and not all at once.
 */
function inTurn(members: readonly Ranked[]): readonly Ranked[] {
  const [only] = members
  if (members.length === 1 && only) return members
  for (const member of members) member.share += member.weight
  const sorted = members.toSorted((one, other) => other.share - one.share)
  if (sorted[0]) sorted[0].share -= members.reduce((sum, { weight }) => sum + weight, 0)
  return sorted
}
