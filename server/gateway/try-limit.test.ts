import { expect, it } from 'vitest'
import { tryLimit } from '../usage/try-limit.service.ts'
import { tryRule } from '../usage/try-rule.service.ts'
import { administratorOf } from './test/act.ts'
import { chat, startPools } from './test/pools.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld()
const { pair } = await startPools(world)
const { one, two, pool, key } = await pair({ members: [{ models: [{ from: 'fast', to: 'gpt-4o' }] }, {}] })
const direct = (await world.mintKey({ providerId: one })).text

/** Three that both members can answer, two that only one of them can, two without the pool. */
const asked = [
  ...Array.from({ length: 3 }, () => [key, 'gpt-4'] as const),
  ...Array.from({ length: 2 }, () => [key, 'fast'] as const),
  ...Array.from({ length: 2 }, () => [direct, 'gpt-4'] as const),
]

async function askAll(): Promise<readonly number[]> {
  const statuses: number[] = []
  for (const [secret, model] of asked) {
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    statuses.push((await fetch(world.url, { method: 'POST', headers, body: chat({ model }) })).status)
  }
  return statuses
}

const trialOf = (limit: object) => tryLimit(administratorOf(world.parts), limit)
const terms = { target: 'PROVIDER', providerId: one, metric: 'REQUESTS', amount: 2n } as const

it("a limit tried on a pool's member would have done what it then does", async () => {
  expect(await askAll()).toEqual(asked.map(() => 200))
  const before = (await world.entries()).length
  for (const period of ['TOTAL', 'MONTH', 'DAY'] as const) {
    expect(await trialOf({ ...terms, period })).toMatchObject({
      ...{ requests: 7, refusedRequests: 4, refusedKeys: 2, passedOnRequests: 1 },
      examples: [{ requests: 2 }, { requests: 2 }],
    })
  }
  const id = crypto.randomUUID()
  await world.change('Limit', id, (tx) => tx.limit.create({ data: { ...terms, id, period: 'TOTAL' } }))
  expect(await askAll()).toEqual([200, 200, 200, 429, 429, 429, 429])
  const entries = (await world.entries()).slice(before)
  expect(entries.filter(({ answeredById }) => answeredById === two).length).toBe(1)
})

it('a limit tried on the pool counts what any member answered', async () => {
  const all = (await world.entries()).filter(({ providerId }) => providerId === pool)
  const trial = await trialOf({ ...terms, providerId: pool, period: 'TOTAL' })
  expect(trial).toMatchObject({ requests: all.length, refusedRequests: all.length - 2, passedOnRequests: 0 })
})

it("a rule tried on a pool's member is about those who ask it without the pool", async () => {
  const rule = { effect: 'DENY', modelPattern: '.*' } as const
  const refused = async (providerId: string) =>
    (await tryRule(administratorOf(world.parts), { ...rule, providerId })).newlyRefused.requests
  const through = (await world.entries()).filter((entry) => entry.providerId === pool)
  expect([await refused(one), await refused(pool)]).toEqual([asked.length * 2 - through.length, through.length])
})

it('a limit of money refuses what has no price, tried or in force, and says how much it lets pass', async () => {
  const { providerId } = world
  const priced = { inputMicros: 1n, outputMicros: 1n, effectiveFrom: new Date(0) }
  await world.change('Price', crypto.randomUUID(), (tx) =>
    tx.price.create({ data: { ...priced, providerId, modelPattern: 'gpt-4' } }),
  )
  const { id: keyId, text } = await world.mintKey()
  const ask = async (model: string) => {
    const headers = { authorization: `Bearer ${text}`, 'content-type': 'application/json' }
    return (await fetch(world.url, { method: 'POST', headers, body: chat({ model }) })).status
  }
  const models = ['gpt-4', 'gpt-4o-mini', 'gpt-4o-mini']
  for (const model of models) expect(await ask(model)).toBe(200)
  await expect.poll(async () => (await world.entries()).filter((entry) => entry.keyId === keyId).length).toBe(3)
  const limit = { target: 'KEY', keyId, metric: 'MONEY', period: 'MONTH', amount: 1_000_000n } as const
  const refusing = { refusedRequests: 2, refusedKeys: 1, unpricedRequests: 2 }
  expect(await trialOf(limit)).toMatchObject({
    requests: 3,
    ...refusing,
    examples: [{ model: 'gpt-4o-mini', requests: 2 }],
  })
  const lenient = { ...limit, allowUnpriced: true }
  expect(await trialOf(lenient)).toMatchObject({ refusedRequests: 0, unpricedRequests: 2, examples: [] })
  await world.change('Limit', crypto.randomUUID(), (tx) => tx.limit.create({ data: limit }))
  expect([await ask('gpt-4'), await ask('gpt-4o-mini')]).toEqual([200, 429])
})
