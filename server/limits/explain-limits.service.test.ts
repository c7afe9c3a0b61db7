import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { explainAccess } from '../rules/explain.service.ts'
import { testWorld } from '../test/world.ts'
import { createGroup } from '../users/groups.service.ts'
import { explainLimits } from './explain-limits.service.ts'
import { createLimit } from './limits.service.ts'
import { createPrice } from './prices.service.ts'

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const [ada, grace] = [await world.person(), await world.person()]
const { id: providerId } = await world.provider()
const { row: key } = await createApiKey(ada, { name: 'Ada’s key', providerId })
const group = await createGroup(administrator, { name: 'Readers', memberIds: [ada.viewer.id] })

const total = { metric: 'REQUESTS', period: 'TOTAL', amount: 100n }
function make(limit: object) {
  world.clock.advance(1)
  return createLimit(administrator, { ...total, ...limit })
}
const today = new Date('2026-11-23T00:00:00Z')
const use = (limitId: string, used: bigint, startsAt = new Date(0)) =>
  world.db.prisma.limitWindow.create({ data: { limitId, startsAt, used } })

async function explain(question: { keyId?: string; userId?: string; model: string; endpoint?: 'EMBEDDINGS' }) {
  const explanation = await explainAccess(administrator, { providerId, ...question })
  const verdicts = await explainLimits(administrator, explanation ?? expect.unreachable())
  return new Map(verdicts.map(({ limit, allowed, message }) => [limit.name, { allowed, message }]))
}

test('limits are told as the gateway finds them, with those that would refuse now', async () => {
  await make({ name: 'of the key', target: 'KEY', keyId: key.id })
  const used = await make({ name: 'used up', target: 'USER', userId: ada.viewer.id, period: 'DAY' })
  await use(used.id, 100n, today)
  await make({ name: 'of the group', target: 'GROUP', groupId: group.id, metric: 'CONCURRENCY', period: null })
  await make({ name: 'of nobody', target: 'EVERYTHING', amount: 0n })
  const tokens = await make({ name: 'few tokens', target: 'PROVIDER', providerId, metric: 'TOKENS', amount: 5_000n })
  await use(tokens.id, 4_000n)
  await make({ name: 'other models', target: 'MODEL', modelPattern: 'claude-*' })
  await make({ name: 'these models', target: 'MODEL', modelPattern: 'gpt-*' })
  await make({ name: 'switched off', target: 'EVERYTHING', enabled: false })
  await make({ name: 'of another', target: 'USER', userId: grace.viewer.id })
  const told = await explain({ keyId: key.id, model: 'gpt-4' })
  expect([...told].map(([name, { allowed }]) => [name, allowed])).toEqual([
    ['of the key', true],
    ['used up', false],
    ['of the group', true],
    ['of nobody', false],
    ['few tokens', false],
    ['these models', true],
  ])
  expect(told.get('few tokens')?.message).toContain('1024 tokens')
  const embedded = await explain({ keyId: key.id, model: 'gpt-4', endpoint: 'EMBEDDINGS' })
  expect(embedded.get('few tokens')?.allowed).toBe(true)
  expect([...(await explain({ userId: grace.viewer.id, model: 'claude-x' })).keys()]).toEqual([
    'of nobody',
    'few tokens',
    'other models',
    'of another',
  ])
})

test('a limit of money asks for a price, and for what an answer may cost', async () => {
  const money = { metric: 'MONEY', target: 'MODEL', modelPattern: 'm*', amount: 2_000_000n }
  const strict = await make({ ...money, name: 'strict' })
  await make({ ...money, name: 'lenient', allowUnpriced: true })
  const say = async () => {
    const told = await explain({ keyId: key.id, model: 'm1' })
    return [told.get('strict')?.allowed, told.get('lenient')?.allowed]
  }
  expect(await say()).toEqual([false, true])
  await createPrice(administrator, { providerId, modelPattern: 'm1', inputMicros: 1n, outputMicros: 1_000_000_000n })
  expect(await say()).toEqual([true, true])
  await use(strict.id, 1_500_000n)
  expect(await say()).toEqual([false, true])
})
