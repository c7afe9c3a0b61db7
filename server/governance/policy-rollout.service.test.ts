import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { findApiKey } from '../keys/keys.service.ts'
import { createKeyType, createPolicy, updatePolicy } from '../keys/policies.service.ts'
import { NotFound } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { listNotices } from '../users/notices.service.ts'
import type { Act } from '../users/viewer.ts'
import { runDueJobs } from './jobs.service.ts'
import { jobOf } from './long-work.service.ts'
import { previewPolicy } from './policy-preview.service.ts'
import { applyPolicy, POLICY_ROLLOUT } from './policy-rollout.service.ts'
import { getRollout } from './policy-rollout.store.ts'

const world = await testWorld()
const provider = await world.provider()
const administrator = await world.person('ADMINISTRATOR')
const { inDays } = world.clock
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
  const { brokenKeys, totalKeys, changedKeys, finishedAt } = await applyPolicy(administrator, { id, choice: 'LEAVE' })
  expect([brokenKeys, totalKeys, changedKeys, finishedAt]).toEqual([2, 0, 0, world.clock.now()])
  expect(await expiries()).toEqual(before)
})

test('capping shortens the lives that are too long to what is allowed, and does no more when repeated', async () => {
  const { id, keyType, expiries } = await outgrown()
  const [short] = await expiries()
  expect((await applyPolicy(administrator, { id, choice: 'CAP' })).changedKeys).toBe(2)
  expect(await expiries()).toEqual([short, inDays(30), inDays(30)])
  expect((await applyPolicy(administrator, { id, choice: 'CAP' })).changedKeys).toBe(0)
  expect((await previewPolicy(administrator, { keyType, rules: {} })).brokenCount).toBe(0)
})

test('a key that is older than its type may be gets a week, not an end at once', async () => {
  const { id, expiries } = await outgrown()
  world.clock.set(inDays(40))
  await applyPolicy(administrator, { id, choice: 'CAP' })
  expect((await expiries()).slice(1)).toEqual([inDays(7), inDays(7)])
})

test('asking tells each owner of each key once per version of the policy', async () => {
  const { owner, id, expiries } = await outgrown()
  const before = await expiries()
  expect((await applyPolicy(administrator, { id, choice: 'ASK_OWNERS' })).changedKeys).toBe(2)
  expect((await applyPolicy(administrator, { id, choice: 'ASK_OWNERS' })).changedKeys).toBe(0)
  const { edges } = await listNotices(owner, {}, { unread: true })
  expect(edges.map(({ node }) => node.kind)).toEqual(['POLICY_BROKEN', 'POLICY_BROKEN'])
  expect(await expiries()).toEqual(before)
  await expect(applyPolicy(administrator, { id: owner.viewer.id, choice: 'CAP' })).rejects.toThrow(NotFound)
})

/** This many keys that never expire, under a policy that no longer allows that. */
async function many(keyCount: number) {
  const keyType = await createKeyType(administrator, { name: `Many ${++count}` })
  const { id } = await createPolicy(administrator, { keyType, maxLifetimeDays: 30 })
  await world.manyKeys(keyCount, { owner: await world.person(), providerId: provider.id, type: keyType })
  return { id, keyType }
}

/** The same act where every look at the clock takes longer than a mutation may. */
function hurried(): Act {
  const now = () => {
    world.clock.advance(11_000)
    return world.clock.now()
  }
  return { ...administrator, parts: { ...world.parts, clock: { now } } }
}

async function runJob() {
  const jobs = [jobOf(POLICY_ROLLOUT)]
  await runDueJobs(world.parts, jobs)
  world.clock.advance(60_000)
  await runDueJobs(world.parts, jobs)
}

const capped = (keyType: string) => world.db.prisma.apiKey.count({ where: { type: keyType, expiresAt: { not: null } } })
const entriesOf = (rolloutId: string) =>
  world.db.prisma.auditEntry.findMany({
    where: { subjectType: 'ApiKey', after: { path: ['rolloutId'], equals: rolloutId } },
  })

test('very many keys go on being shortened as a job, from where it stood, each with one entry of who chose it', async () => {
  const { id, keyType } = await many(450)
  const begun = await applyPolicy(hurried(), { id, choice: 'CAP' })
  expect([begun.totalKeys, begun.doneKeys, begun.changedKeys, begun.finishedAt]).toEqual([450, 200, 200, null])
  await runJob()
  const { doneKeys, changedKeys, finishedAt } = await getRollout(world.db.prisma, begun.id)
  expect([doneKeys, changedKeys, finishedAt, await capped(keyType)]).toEqual([450, 450, world.clock.now(), 450])
  const entries = await entriesOf(begun.id)
  expect([entries.length, new Set(entries.map(({ subjectId }) => subjectId)).size]).toEqual([450, 450])
  expect(new Set(entries.map(({ actorName }) => actorName))).toEqual(new Set([administrator.viewer.username]))
})

test('two nodes that work on it at once do nothing twice', async () => {
  const { id } = await many(450)
  const begun = await applyPolicy(hurried(), { id, choice: 'CAP' })
  const run = async () => Array.fromAsync(POLICY_ROLLOUT.batches(world.parts, begun))
  await Promise.all([run(), run()])
  const { doneKeys, changedKeys } = await getRollout(world.db.prisma, begun.id)
  expect([doneKeys, changedKeys, (await entriesOf(begun.id)).length]).toEqual([450, 450, 450])
})

test('rules that change while it goes on end it: nothing is done that nobody wants any more', async () => {
  const { id, keyType } = await many(450)
  await applyPolicy(hurried(), { id, choice: 'CAP' })
  await updatePolicy(administrator, { id, maxLifetimeDays: null, neverAllowed: true })
  await runJob()
  expect(await capped(keyType)).toBe(200)
  expect(await POLICY_ROLLOUT.listUnfinished(world.db.prisma, world.clock.now())).toEqual([])
})
