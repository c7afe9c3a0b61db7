import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { deleteApiKey, findApiKey, restoreApiKey } from '../keys/keys.service.ts'
import { NotFound } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { listNotices } from '../users/notices.service.ts'
import { verifyAuditChain } from './audit.service.ts'
import { expireAll, previewEmergency, undoEmergency } from './emergency.service.ts'
import { ConfirmationWrong, UndoWindowClosed } from './emergency.ts'
import { EMERGENCY } from './emergency-run.service.ts'
import { runDueJobs } from './jobs.service.ts'
import { reportLeakedKey } from './leaks.service.ts'
import { jobOf } from './long-work.service.ts'

const world = await testWorld()
const provider = await world.provider()
const administrator = await world.person('ADMINISTRATOR')
const MINUTE = 60_000
let count = 0

async function make(owner: typeof administrator, set: object = {}) {
  const made = await createApiKey(owner, { name: `Key ${++count}`, providerId: provider.id, ...set })
  return { id: made.row.id, expiresAt: made.row.expiresAt, secret: made.secret ?? '' }
}
const expiryOf = async (id: string) => (await findApiKey(administrator, id))?.expiresAt
const target = (owner: typeof administrator) => ({ scope: 'USER' as const, id: owner.viewer.id })

test('a preview says how many keys would end, what they did, and what has to be typed', async () => {
  const owner = await world.person()
  const [used] = [await make(owner, { name: 'Billing', application: 'shop' }), await make(owner)]
  await world.db.pool.query(
    `INSERT INTO usage_rollups (hour, key_id, owner_id, provider_id, model, status, code, requests,
      input_tokens, output_tokens, cached_tokens, cost_micros, latency_ms)
     VALUES ($1, $2, $3, $4, 'gpt-4o', 200, '', 14, 0, 0, 0, 0, 0)`,
    [new Date(world.clock.now().getTime() - 2 * 60 * MINUTE), used.id, owner.viewer.id, provider.id],
  )
  const username = owner.viewer.username
  expect(await previewEmergency(administrator, target(owner))).toEqual({
    keyCount: 2,
    usedKeyCount: 1,
    requestCount: 14,
    ownerCount: 1,
    applicationCount: 1,
    busiest: [
      { id: used.id, name: 'Billing', application: 'shop', ownerName: owner.viewer.username, requestCount: 14 },
    ],
    subjectName: username,
    confirmation: username,
  })
  expect(await previewEmergency(administrator, { scope: 'GROUP', id: owner.viewer.id })).toBeNull()
  expect((await previewEmergency(administrator, { scope: 'ALL', id: null }))?.confirmation).toBe('expire every key')
})

test('without the right word nothing ends', async () => {
  const owner = await world.person()
  const { id, expiresAt } = await make(owner)
  await expect(expireAll(administrator, { ...target(owner), confirm: 'yes' })).rejects.toThrow(ConfirmationWrong)
  const nobody = { scope: 'PROVIDER', id: owner.viewer.id, confirm: '' } as const
  await expect(expireAll(administrator, nobody)).rejects.toThrow(NotFound)
  expect(await expiryOf(id)).toEqual(expiresAt)
})

test('every key of a user ends, each with its entry under one id, and the undo restores exactly these', async () => {
  const [owner, other] = [await world.person(), await world.person()]
  const keys = [await make(owner), await make(owner, { expiresAt: null }), await make(owner)]
  const spared = await make(other)
  const operation = await expireAll(administrator, { ...target(owner), confirm: owner.viewer.username })
  expect([operation.totalKeys, operation.endedKeys, operation.finishedAt !== null]).toEqual([3, 3, true])
  for (const { id } of keys) expect(await expiryOf(id)).toEqual(world.clock.now())
  expect(await expiryOf(spared.id)).toEqual(spared.expiresAt)
  const entries = await world.db.prisma.auditEntry.findMany({ where: { action: 'expireAll', subjectType: 'ApiKey' } })
  expect(entries.map(({ after }) => Reflect.get(Object(after), 'operationId'))).toEqual(Array(3).fill(operation.id))
  world.clock.advance(59 * MINUTE)
  const undone = await undoEmergency(administrator, operation.id)
  expect([undone.restoredKeys, undone.undoneAt]).toEqual([3, world.clock.now()])
  for (const { id, expiresAt } of keys) expect(await expiryOf(id)).toEqual(expiresAt)
  await expect(undoEmergency(administrator, operation.id)).rejects.toThrow(UndoWindowClosed)
  expect((await verifyAuditChain(world.parts)).brokenAt).toBeNull()
})

test('a key that was leaked, deleted or had expired before is not brought back by an undo', async () => {
  const owner = await world.person()
  const [plain, leaked, leakedLater, deleted] = [
    await make(owner),
    await make(owner),
    await make(owner),
    await make(owner),
  ]
  await reportLeakedKey(administrator, { text: `const key = "${leaked.secret}"` })
  const operation = await expireAll(administrator, { ...target(owner), confirm: owner.viewer.username })
  await reportLeakedKey(administrator, { text: leakedLater.secret })
  await deleteApiKey(owner, deleted.id)
  expect((await undoEmergency(administrator, operation.id)).restoredKeys).toBe(1)
  expect(await expiryOf(plain.id)).toEqual(plain.expiresAt)
  await restoreApiKey(owner, deleted.id)
  for (const { id } of [leaked, leakedLater, deleted]) expect(await expiryOf(id)).toEqual(world.clock.now())
})

test('after 60 minutes it cannot be undone', async () => {
  const owner = await world.person()
  await make(owner)
  const operation = await expireAll(administrator, { ...target(owner), confirm: owner.viewer.username })
  world.clock.advance(60 * MINUTE + 1)
  await expect(undoEmergency(administrator, operation.id)).rejects.toThrow(UndoWindowClosed)
})

test('an operation that a node left in the middle goes on as a job, and ends all of a group', async () => {
  const owner = await world.person()
  const data = { name: 'Interns', members: { create: { userId: owner.viewer.id } } }
  const group = await world.db.prisma.group.create({ data })
  const { id } = await make(owner)
  const confirm = 'Interns'
  const operation = await expireAll(administrator, { scope: 'GROUP', id: group.id, confirm })
  // As if the node had died before it came to this key.
  await world.db.prisma.apiKey.update({ where: { id }, data: { expiresAt: null } })
  await world.db.prisma.emergencyOperation.update({ where: { id: operation.id }, data: { finishedAt: null } })
  await world.db.prisma.emergencyKey.deleteMany({ where: { operationId: operation.id } })
  await runDueJobs(world.parts, [jobOf(EMERGENCY)])
  world.clock.advance(MINUTE)
  await runDueJobs(world.parts, [jobOf(EMERGENCY)])
  expect(await expiryOf(id)).toEqual(world.clock.now())
})

test('many keys end in batches, and a key made meanwhile is spared', async () => {
  const owner = await world.person()
  await world.manyKeys(1200, { owner, providerId: provider.id })
  const operation = await expireAll(administrator, { ...target(owner), confirm: owner.viewer.username })
  expect([operation.endedKeys, operation.finishedAt !== null]).toEqual([1200, true])
  world.clock.advance(1)
  const { id, expiresAt } = await make(owner)
  expect(await expiryOf(id)).toEqual(expiresAt)
})

test('whoever shows a secret ends its key for good; its owner and administrators are told', async () => {
  const [owner, finder] = [await world.person(), await world.person('AUDITOR')]
  const [one, two] = [await make(owner), await make(owner)]
  const text = `a: ${one.secret}, b: ${two.secret.slice(0, -1)}x, c: ${one.secret}`
  expect(await reportLeakedKey(finder, { text, url: 'https://example.org/paste' })).toBe(1)
  expect([await expiryOf(one.id), await expiryOf(two.id)]).toEqual([world.clock.now(), two.expiresAt])
  const { edges } = await listNotices(owner, {}, { unread: true })
  expect(edges.map(({ node }) => [node.kind, node.subjectId])).toEqual([['KEY_LEAKED', one.id]])
  expect(await reportLeakedKey(finder, { text })).toBe(1)
  expect(await world.db.prisma.auditEntry.count({ where: { action: 'reportLeakedKey', subjectId: one.id } })).toBe(1)
  await expect(reportLeakedKey(finder, { text: 'nothing here' })).rejects.toThrow('of the form of a key')
})
