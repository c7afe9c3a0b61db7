import { z } from 'zod'
import type { ProviderKind, WireFormat } from '../generated/prisma/enums.ts'
import type { InputIssue } from '../lib/problems.ts'
import { isId, name } from '../lib/text.ts'
import { compileModels, isNameable, listModels, type ModelMatcher } from './model.ts'

/** What a member calls a model that callers call otherwise. */
export type ModelRename = { readonly from: string; readonly to: string }

/** A provider in a pool: members of the lowest order are asked first, those of one order by their weights. */
export type Member = {
  readonly providerId: string
  readonly order: number
  readonly weight: number
  readonly models: readonly ModelRename[]
}

const whole = (max: number) =>
  z.number('must be a number.').int().min(1, 'must be 1 or more.').max(max, `must be ${max} or less.`)
const model = name({ min: 1, max: 200 })
const renames = z
  .array(z.object({ from: model, to: model }))
  .max(100, 'must have 100 entries or fewer.')
  .refine((all) => new Set(all.map(({ from }) => from)).size === all.length, 'names a model twice.')

/** The members of a pool as they are given. */
export const members = z
  .array(
    z.object({
      providerId: z.string().refine(isId, 'must be the id of a provider.'),
      order: whole(100)
        .nullish()
        .transform((order) => order ?? 1),
      weight: whole(1000)
        .nullish()
        .transform((weight) => weight ?? 1),
      models: renames.nullish().transform((all) => all ?? []),
    }),
  )
  .min(1, 'must name a provider.')
  .max(20, 'must have 20 entries or fewer.')
  .refine((all) => new Set(all.map(({ providerId }) => providerId)).size === all.length, 'names a provider twice.')

/** The renamings of a stored member. */
export const storedRenames = z.array(z.object({ from: z.string(), to: z.string() }))

const ITS_OWN = {
  SINGLE: ['members', 'repeatsUnanswered'],
  POOL: ['baseUrl', 'apiVersion', 'authType', 'authHeader', 'credential', 'maxConcurrency'],
} as const satisfies Record<ProviderKind, readonly string[]>

/** What a provider of this kind does not have, of what was given. */
export const issuesOfKind = (kind: ProviderKind, given: Readonly<Record<string, unknown>>): readonly InputIssue[] =>
  ITS_OWN[kind]
    .filter((path) => given[path] !== undefined && given[path] !== null)
    .map((path) => ({ path, message: kind === 'POOL' ? 'is for its members to have.' : 'is for pools only.' }))

/** Azure speaks OpenAI's language under other paths: both can stand in for each other. */
export const speakAlike = (one: WireFormat, other: WireFormat): boolean =>
  (one === 'ANTHROPIC') === (other === 'ANTHROPIC')

/** A provider that may be asked, and the model it would be asked for; null: for the one that the caller names. */
export type Askable = { readonly providerId: string; readonly model: string | null }

/** What decides whether a provider can be asked, and for which models. */
export type Usable = {
  readonly enabled: boolean
  readonly wireFormat: WireFormat
  /** Null: there is none that can be used. */
  readonly credential: readonly string[] | null
  readonly allows: ModelMatcher
}

/** Whom a pool asks, when it asks this member for what the caller calls `asked`; null: it cannot be asked for that. */
export function askMember({ providerId, models }: Member, provider: Usable, asked: string): Askable | null {
  if (!provider.enabled || provider.credential === null) return null
  const model = models.find(({ from }) => from === asked)?.to ?? null
  const name = model ?? asked
  return provider.allows(name) && isNameable(provider, name) ? { providerId, model } : null
}

type Offer = { readonly enabledModels: readonly string[]; readonly discoveredModels: readonly string[] }

/** The names that a caller of the pool can choose from: those that some member has, as far as the pool enables them. */
export function listPoolModels(
  enabled: readonly string[],
  offers: readonly (Offer & Pick<Member, 'models'>)[],
): string[] {
  const offered = offers.flatMap(({ enabledModels, discoveredModels, models }) => {
    const isEnabled = compileModels(enabledModels)
    const reachable = models.filter(({ to }) => isEnabled(to)).map(({ from }) => from)
    return [...reachable, ...listModels(enabledModels, discoveredModels)]
  })
  return [...new Set(offered)].filter(compileModels(enabled)).toSorted()
}
