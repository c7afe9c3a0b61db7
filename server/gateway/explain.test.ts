import { expect, it } from 'vitest'
import type { Prisma } from '../generated/prisma/client.ts'
import { explainLimits } from '../limits/explain-limits.service.ts'
import { explainAccess } from '../rules/explain.service.ts'
import { administratorOf } from './test/act.ts'
import { chat, startPools } from './test/pools.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld()
const { pair } = await startPools(world)
type Pair = Awaited<ReturnType<typeof pair>>

const administrator = administratorOf(world.parts)

const insert = (type: string, work: (tx: Prisma.TransactionClient, id: string) => Promise<unknown>) => {
  const id = crypto.randomUUID()
  return world.change(type, id, (tx) => work(tx, id))
}
const update = (id: string, data: Prisma.ProviderUncheckedUpdateInput) =>
  world.change('Provider', id, (tx) =>
    tx.provider.update({ where: { id }, data: { ...data, version: { increment: 1 } } }),
  )
const deny = (providerId: string, modelPattern: string) =>
  insert('Rule', (tx, id) =>
    tx.rule.create({ data: { id, name: `No ${id}`, effect: 'DENY', modelPattern, providerId } }),
  )
const nothing = { target: 'PROVIDER', metric: 'REQUESTS', period: 'TOTAL', amount: 0n } as const
const limit = (providerId: string, set: Partial<Prisma.LimitUncheckedCreateInput> = {}) =>
  insert('Limit', (tx, id) => tx.limit.create({ data: { id, ...nothing, providerId, ...set } }))
const money = { metric: 'MONEY', amount: 1_000_000n } as const
const price = (providerId: string, modelPattern: string, outputMicros = 1n) =>
  insert('Price', (tx) =>
    tx.price.create({ data: { providerId, modelPattern, effectiveFrom: new Date(0), inputMicros: 1n, outputMicros } }),
  )

type Case = {
  readonly what: string
  /** The layer that refuses it; null: none does. */
  readonly by: string | null
  readonly model?: string
  readonly set?: Parameters<typeof pair>[0]
  readonly change?: (of: Pair) => unknown
}

const ofFast = { model: 'fast', set: { members: [{ models: [{ from: 'fast', to: 'gpt-4o-mini' }] }, {}] } } as const
const sealed = { sealedCredential: new Uint8Array(100) }
const both = ({ one, two }: Pair, work: (id: string) => Promise<void>) => Promise.all([one, two].map(work))

const models: readonly Case[] = [
  { what: 'a model that all members have', by: null },
  { what: 'a model that one member has under another name', by: null, ...ofFast },
  { what: 'a model that no member has', by: 'PROVIDER_MODELS', model: 'nobody-has-it' },
  {
    what: 'a model that the pool does not enable',
    by: 'PROVIDER_MODELS',
    set: { pool: { enabledModels: ['gpt-4o'] } },
  },
  {
    what: 'a model whose only member is disabled',
    by: 'PROVIDER_MODELS',
    ...ofFast,
    change: ({ one }) => update(one, { enabled: false }),
  },
  {
    what: 'a model whose only member is deleted',
    by: 'PROVIDER_MODELS',
    ...ofFast,
    change: ({ one }) => update(one, { deletedAt: new Date() }),
  },
  {
    what: 'a model whose only member has a credential that does not open',
    by: 'PROVIDER_MODELS',
    ...ofFast,
    set: { ...ofFast.set, one: sealed },
  },
  {
    what: 'a member that is disabled beside another',
    by: null,
    change: ({ one }) => update(one, { enabled: false }),
  },
  { what: 'a pool that is disabled', by: 'KEY', change: ({ pool }) => update(pool, { enabled: false }) },
]

const rules: readonly Case[] = [
  { what: 'a rule on the pool', by: 'RULE', change: ({ pool }) => deny(pool, '.*') },
  { what: 'a rule on the name that callers use', by: 'RULE', ...ofFast, change: ({ pool }) => deny(pool, 'fast') },
  { what: 'a rule on the name that a member uses', by: null, ...ofFast, change: ({ pool }) => deny(pool, 'gpt-4o-.*') },
  { what: 'a rule on each member', by: null, change: (of) => both(of, (id) => deny(id, '.*')) },
]

const limits: readonly Case[] = [
  { what: 'a limit on the pool', by: 'LIMIT', change: ({ pool }) => limit(pool) },
  { what: 'a limit on one member', by: null, change: ({ one }) => limit(one) },
  { what: 'a limit on each member', by: 'LIMIT', change: (of) => both(of, (id) => limit(id)) },
  { what: 'a limit on the only member with the model', by: 'LIMIT', ...ofFast, change: ({ one }) => limit(one) },
  {
    what: 'a limit on a member without the model',
    by: null,
    set: { two: { enabledModels: [] } },
    change: ({ two }) => limit(two),
  },
  {
    what: 'money for a pool with a member without a price',
    by: 'LIMIT',
    change: async ({ pool, one }) => {
      await price(one, '*')
      await price(pool, '*')
      await limit(pool, money)
    },
  },
  {
    what: 'money for a pool whose members have prices',
    by: null,
    change: async (of) => {
      await both(of, (id) => price(id, '*'))
      await limit(of.pool, money)
    },
  },
  {
    what: 'money for a pool with a member that is too dear',
    by: 'LIMIT',
    change: async ({ pool, one, two }) => {
      await price(one, '*')
      await price(two, '*', 1_000_000_000_000n)
      await limit(pool, money)
    },
  },
  { what: 'money for one member without a price', by: null, change: ({ one }) => limit(one, money) },
  {
    what: 'money for a member by the name that it uses',
    by: null,
    ...ofFast,
    change: async ({ one }) => {
      await price(one, 'gpt-4o-mini')
      await limit(one, money)
    },
  },
]

async function happened(key: string, model: string) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const { status } = await fetch(world.url, { method: 'POST', headers, body: chat({ model }) })
  const entry = (await world.entries()).at(-1)
  return status === 200 ? null : (entry?.refusedByType ?? 'KEY')
}

async function explained(providerId: string, ownerId: string, model: string) {
  const question = { userId: ownerId, providerId, model }
  const explanation = (await explainAccess(administrator, question)) ?? expect.unreachable()
  const told = await explainLimits(administrator, explanation)
  const refusing = explanation.verdicts.find(({ allowed }) => !allowed)?.layer
  return refusing ?? (told.some(({ allowed }) => !allowed) ? 'LIMIT' : null)
}

it.each([...models, ...rules, ...limits])('what the gateway does of $what is what is explained', async (one) => {
  const made = await pair(one.set)
  await one.change?.(made)
  const { ownerId } = await world.db.prisma.apiKey.findFirstOrThrow({ where: { providerId: made.pool } })
  const model = one.model ?? 'gpt-4'
  expect(await happened(made.key, model)).toBe(one.by)
  expect(await explained(made.pool, ownerId, model)).toBe(one.by)
})
