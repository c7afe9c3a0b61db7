import { z } from 'zod'
import type { ProviderKind, WireFormat } from '../generated/prisma/enums.ts'
import type { InputIssue } from '../lib/problems.ts'
import { isId, name } from '../lib/text.ts'
import { compileModels, listModels } from './model.ts'

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

/** The name by which a member is asked for what the caller calls `model`; null: by the same. */
export const renamed = ({ models }: Pick<Member, 'models'>, model: string): string | null =>
  models.find(({ from }) => from === model)?.to ?? null

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
