import { z } from 'zod'
import type { Provider } from './documents.ts'

const whole = (max: number) =>
  z.coerce.number({ error: 'Enter a number' }).int('A whole number').min(1, 'At least 1').max(max, `At most ${max}`)

/** `from=to`: what callers call a model, and what the member calls it. */
const rename = z.string().regex(/^[^=]*[^=\s][^=]*=.*\S.*$/, 'Write the name of callers, =, and that of the member')

const member = z.object({
  providerId: z.string().min(1, 'Choose a provider'),
  order: whole(100),
  weight: whole(1000),
  renames: z.array(rename).max(100, 'At most 100 entries'),
})

export const poolSchema = z.object({
  name: z.string().trim().min(3, 'At least 3 characters').max(32, 'At most 32 characters'),
  wireFormat: z.enum(['OPENAI', 'ANTHROPIC']),
  members: z.array(member).min(1, 'Add a provider').max(20, 'At most 20 providers'),
  repeatsUnanswered: z.boolean(),
  enabledModels: z.array(z.string().trim().min(1)).max(500, 'At most 500 entries'),
  enabled: z.boolean(),
})

export type PoolState = z.infer<typeof poolSchema>

/** One more member, asked after those that are there. */
export const nextMember = (members: PoolState['members']): PoolState['members'][number] => ({
  providerId: '',
  order: Math.min(100, 1 + Math.max(0, ...members.map(({ order }) => Number(order)))),
  weight: 1,
  renames: [],
})

export function toPoolState(pool: Provider | null): PoolState {
  const members = (pool?.members ?? []).map(({ provider, order, weight, models }) => ({
    providerId: provider.id,
    order,
    weight,
    renames: models.map(({ from, to }) => `${from}=${to}`),
  }))
  return {
    name: pool?.name ?? '',
    wireFormat: pool?.wireFormat === 'ANTHROPIC' ? 'ANTHROPIC' : 'OPENAI',
    members: pool ? members : [nextMember([])],
    repeatsUnanswered: pool?.repeatsUnanswered ?? false,
    enabledModels: [...(pool?.enabledModels ?? ['*'])],
    enabled: pool?.enabled ?? true,
  }
}

const toRename = (text: string) => {
  const at = text.indexOf('=')
  return { from: text.slice(0, at).trim(), to: text.slice(at + 1).trim() }
}

export const toPoolInput = ({ members, ...state }: PoolState) => ({
  ...state,
  name: state.name.trim(),
  members: members.map(({ providerId, order, weight, renames }) => ({
    providerId,
    order: Number(order),
    weight: Number(weight),
    models: renames.map(toRename),
  })),
})
