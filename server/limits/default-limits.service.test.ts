import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { updateApiKey } from '../keys/keys.service.ts'
import { createKeyType, createPolicy, deletePolicy } from '../keys/policies.service.ts'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { setDefaultLimits } from './default-limits.service.ts'
import { createLimit } from './limits.service.ts'

const world = await testWorld()
const [administrator, owner] = [await world.person('ADMINISTRATOR'), await world.person()]
const provider = await world.provider()
let count = 0

/** A key type with these default limits. */
async function typeWith(limits: Parameters<typeof setDefaultLimits>[1]['limits']) {
  const keyType = await createKeyType(administrator, { name: `Type ${++count}` })
  const { id } = await createPolicy(administrator, { keyType })
  await setDefaultLimits(administrator, { policyId: id, limits })
  return { keyType, policyId: id }
}
const make = async (type: string) =>
  (await createApiKey(owner, { name: `Key ${++count}`, providerId: provider.id, type })).row
const limitsOf = async (keyId: string) => {
  const rows = await world.db.prisma.limit.findMany({ where: { keyId, deletedAt: null }, orderBy: { metric: 'asc' } })
  return rows.map(({ metric, period, amount }) => `${amount} ${metric} ${period}`)
}

test('a key gets the limits of its type when it is made, each with its entry; keys that exist stay as they are', async () => {
  const { keyType, policyId } = await typeWith([])
  const older = await make(keyType)
  await setDefaultLimits(administrator, {
    policyId,
    limits: [
      { metric: 'REQUESTS', period: 'MINUTE', amount: 60n },
      { metric: 'CONCURRENCY', amount: 5n },
    ],
  })
  const key = await make(keyType)
  expect(await limitsOf(key.id)).toEqual(['60 REQUESTS MINUTE', '5 CONCURRENCY null'])
  expect(await limitsOf(older.id)).toEqual([])
  const made = await world.db.prisma.limit.findMany({ where: { keyId: key.id } })
  const entries = await world.db.prisma.auditEntry.findMany({
    where: { action: 'createLimit', subjectId: { in: made.map(({ id }) => id) } },
  })
  expect(entries.map(({ actorName, after }) => [actorName, Reflect.get(Object(after), 'policyId')])).toEqual([
    [owner.viewer.username, policyId],
    [owner.viewer.username, policyId],
  ])
})

test('a key that becomes of another type gets what it has no limit of yet', async () => {
  const { keyType } = await typeWith([
    { metric: 'REQUESTS', period: 'DAY', amount: 100n },
    { metric: 'TOKENS', period: 'DAY', amount: 1000n },
  ])
  const { keyType: plain } = await typeWith([])
  const { id } = await make(plain)
  const own = { target: 'KEY', keyId: id, metric: 'REQUESTS', period: 'DAY', amount: 7n } as const
  await createLimit(administrator, own)
  await updateApiKey(owner, { id, type: keyType })
  expect(await limitsOf(id)).toEqual(['7 REQUESTS DAY', '1000 TOKENS DAY'])
  await updateApiKey(owner, { id, type: plain })
  await updateApiKey(owner, { id, type: keyType })
  expect(await limitsOf(id)).toEqual(['7 REQUESTS DAY', '1000 TOKENS DAY'])
})

test('a default limit has the form of a limit, and no two count the same', async () => {
  const { policyId } = await typeWith([])
  const refused = [
    [{ metric: 'REQUESTS', amount: 1n }],
    [{ metric: 'CONCURRENCY', period: 'DAY', amount: 1n }],
    [{ metric: 'TOKENS', period: 'DAY', amount: -1n }],
    [
      { metric: 'TOKENS', period: 'DAY', amount: 1n },
      { metric: 'TOKENS', period: 'DAY', amount: 2n },
    ],
  ] as const
  for (const limits of refused) {
    await expect(setDefaultLimits(administrator, { policyId, limits })).rejects.toThrow(InvalidInput)
  }
  await expect(setDefaultLimits(administrator, { policyId: 'x', limits: [] })).rejects.toThrow(NotFound)
})

test('they go with their policy, and the limits that keys got stay', async () => {
  const { keyType, policyId } = await typeWith([{ metric: 'REQUESTS', period: 'DAY', amount: 100n }])
  const { id } = await make(keyType)
  await deletePolicy(administrator, policyId)
  expect(await limitsOf(id)).toEqual(['100 REQUESTS DAY'])
  expect(await limitsOf((await make(keyType)).id)).toEqual([])
})
