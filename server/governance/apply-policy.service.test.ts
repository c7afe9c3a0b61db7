import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { findApiKey } from '../keys/keys.service.ts'
import { createKeyType, createPolicy, updatePolicy } from '../keys/policies.service.ts'
import { NotFound } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { listNotices } from '../users/notices.service.ts'
import { applyPolicy } from './apply-policy.service.ts'
import { previewPolicy } from './policy-preview.service.ts'

const world = await testWorld()
const provider = await world.provider()
const administrator = await world.person('ADMINISTRATOR')
const DAY = 86_400_000
const inDays = (days: number) => new Date(world.clock.now().getTime() + days * DAY)
let count = 0

/** Keys of 10, 60 and endless days, 20 days old, under a policy that now allows 30. */
async function outgrown() {
  const owner = await world.person()
  const keyType = await createKeyType(administrator, { name: `Outgrown ${++count}` })
  const { id } = await createPolicy(administrator, { keyType, neverAllowed: true })
  const make = async (expiresAt: Date | null) =>
    (await createApiKey(owner, { name: `Key ${++count}`, providerId: provider.id, type: keyType, expiresAt })).row.id
  const keys = [await make(inDays(10)), await make(inDays(60)), await make(null)]
  await updatePolicy(administrator, { id, neverAllowed: null, maxLifetimeDays: 30 })
  const expiries = () => Promise.all(keys.map(async (key) => (await findApiKey(owner, key))?.expiresAt))
  return { owner, id, keyType, expiries }
}

test('leaving the keys changes none of them', async () => {
  const { id, expiries } = await outgrown()
  const before = await expiries()
  expect(await applyPolicy(administrator, { id, choice: 'LEAVE' })).toEqual({
    brokenCount: 2,
    changedCount: 0,
    askedCount: 0,
  })
  expect(await expiries()).toEqual(before)
})

test('capping shortens the lives that are too long to what is allowed, and does no more when repeated', async () => {
  const { id, keyType, expiries } = await outgrown()
  const [short] = await expiries()
  expect((await applyPolicy(administrator, { id, choice: 'CAP' })).changedCount).toBe(2)
  expect(await expiries()).toEqual([short, inDays(30), inDays(30)])
  expect((await applyPolicy(administrator, { id, choice: 'CAP' })).changedCount).toBe(0)
  expect((await previewPolicy(administrator, { keyType, rules: {} })).brokenCount).toBe(0)
})

test('a key that is older than its type may be gets a week, not an end at once', async () => {
  const { id, expiries } = await outgrown()
  world.clock.advance(40 * DAY)
  await applyPolicy(administrator, { id, choice: 'CAP' })
  expect((await expiries()).slice(1)).toEqual([inDays(7), inDays(7)])
})

test('asking tells each owner of each key once per version of the policy', async () => {
  const { owner, id, expiries } = await outgrown()
  const before = await expiries()
  expect((await applyPolicy(administrator, { id, choice: 'ASK_OWNERS' })).askedCount).toBe(2)
  expect((await applyPolicy(administrator, { id, choice: 'ASK_OWNERS' })).askedCount).toBe(0)
  const { edges } = await listNotices(owner, {}, { unread: true })
  expect(edges.map(({ node }) => node.kind)).toEqual(['POLICY_BROKEN', 'POLICY_BROKEN'])
  expect(await expiries()).toEqual(before)
  await expect(applyPolicy(administrator, { id: owner.viewer.id, choice: 'CAP' })).rejects.toThrow(NotFound)
})
