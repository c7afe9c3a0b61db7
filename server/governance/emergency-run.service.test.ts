import { expect, test } from 'vitest'
import { testWorld } from '../test/world.ts'
import { titleOf } from '../users/notice.ts'
import { listNotices } from '../users/notices.service.ts'
import type { Act } from '../users/viewer.ts'
import { verifyAuditChain } from './audit.service.ts'
import { expireAll, undoEmergency } from './emergency.service.ts'
import { findOperation } from './emergency.store.ts'
import { EMERGENCY } from './emergency-run.service.ts'
import { runDueJobs } from './jobs.service.ts'
import { jobOf } from './long-work.service.ts'

const world = await testWorld()
const { db, clock } = world
const administrator = await world.person('ADMINISTRATOR')
const provider = await world.provider()
const MINUTE = 60_000

/** Somebody with this many keys that never expire. */
async function ownerOf(count: number): Promise<Act> {
  const owner = await world.person()
  await world.manyKeys(count, { owner, providerId: provider.id })
  return owner
}

const end = ({ viewer }: Act) => expireAll(administrator, { scope: 'USER', id: viewer.id, confirm: viewer.username })
const living = ({ viewer }: Act) => db.prisma.apiKey.count({ where: { ownerId: viewer.id, expiresAt: null } })
const titles = async (act: Act) => (await listNotices(act, {}, { unread: true })).edges.map(({ node }) => titleOf(node))

test('administrators and the owner are told of an emergency and of its undoing, once however many keys it is', async () => {
  const owner = await ownerOf(450)
  const by = administrator.viewer.username
  const { id } = await end(owner)
  expect(await titles(owner)).toEqual([`${by} expired your keys in an emergency`])
  expect(await titles(administrator)).toEqual([`${by} expired the keys of ${owner.viewer.username} in an emergency`])
  await undoEmergency(administrator, id)
  expect((await titles(owner)).toSorted()).toEqual([
    `${by} expired your keys in an emergency`,
    `${by} undid an emergency: your keys work again`,
  ])
  expect(await titles(administrator)).toHaveLength(2)
})

test('an undoing that a node left in the middle goes on as a job, in the name of who undid it', async () => {
  const owner = await ownerOf(450)
  const { id } = await end(owner)
  const second = await world.person('ADMINISTRATOR')
  const { restoredAt, restoredKeys } = await undoEmergency(second, id)
  expect([restoredAt, restoredKeys, await living(owner)]).toEqual([clock.now(), 450, 450])
  // As if the node had died before it came to these keys.
  const { keyId } = await db.prisma.emergencyKey.findFirstOrThrow({ where: { operationId: id } })
  const { expiredAt } = await db.prisma.emergencyKey.update({
    where: { operationId_keyId: { operationId: id, keyId } },
    data: { restoredAt: null },
  })
  await db.prisma.apiKey.update({ where: { id: keyId }, data: { expiresAt: expiredAt } })
  await db.prisma.emergencyOperation.update({ where: { id }, data: { restoredAt: null } })
  await runDueJobs(world.parts, [jobOf(EMERGENCY)])
  clock.advance(MINUTE)
  await runDueJobs(world.parts, [jobOf(EMERGENCY)])
  expect([await living(owner), (await findOperation(db.prisma, id))?.restoredAt]).toEqual([450, clock.now()])
  const [entry] = await db.prisma.auditEntry.findMany({
    where: { action: 'undoEmergency', subjectId: keyId },
    orderBy: { seq: 'desc' },
  })
  expect(entry?.actorName).toBe(second.viewer.username)
  expect((await verifyAuditChain(world.parts)).brokenAt).toBeNull()
})

test('all of it is undone also where time goes on while keys end', async () => {
  const owner = await ownerOf(450)
  const ticking = {
    now: () => {
      clock.advance(1)
      return clock.now()
    },
  }
  const act = { ...administrator, parts: { ...world.parts, clock: ticking } }
  const { id } = await expireAll(act, { scope: 'USER', id: owner.viewer.id, confirm: owner.viewer.username })
  expect(await living(owner)).toBe(0)
  expect((await undoEmergency(act, id)).restoredKeys).toBe(450)
  expect(await living(owner)).toBe(450)
})

test('every batch begins where the last one ended', async () => {
  const owner = await ownerOf(1000)
  const asked: string[] = []
  const { query } = db.pool
  const watched = Object.assign(Object.create(db.pool), {
    query: (...args: Parameters<typeof query>) => {
      const [text, values] = args
      if (String(text).includes('k.id > $4')) asked.push(String(values?.[3]))
      return Reflect.apply(query, db.pool, args)
    },
  })
  const parts = { ...world.parts, db: { ...db, pool: watched } }
  await expireAll({ ...administrator, parts }, { scope: 'USER', id: owner.viewer.id, confirm: owner.viewer.username })
  expect(asked.length).toBeGreaterThan(3)
  expect(asked).toEqual([...new Set(asked)].toSorted())
})
