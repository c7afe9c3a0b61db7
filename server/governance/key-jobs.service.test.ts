import { beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { findApiKey } from '../keys/keys.service.ts'
import { createKeyType, createPolicy } from '../keys/policies.service.ts'
import { testWorld } from '../test/world.ts'
import { titleOf } from '../users/notice.ts'
import { listNotices } from '../users/notices.service.ts'
import { verifyAuditChain } from './audit.service.ts'
import { runDueJobs } from './jobs.service.ts'
import { KEY_JOBS } from './key-jobs.service.ts'

const world = await testWorld()
const provider = await world.provider()
const [owner, administrator] = [await world.person(), await world.person('ADMINISTRATOR')]
const HOUR = 3_600_000
const DAY = 24 * HOUR
let count = 0

const run = () => runDueJobs(world.parts, KEY_JOBS)
const make = (type: string) =>
  createApiKey(owner, { name: `Key ${++count}`, providerId: provider.id, type, expiresAt: null })
const titles = async (person: typeof owner) =>
  (await listNotices(person, { first: 100 }, { unread: false })).edges.map(({ node }) => titleOf(node))
const isLiving = async (id: string) => (await findApiKey(owner, id))?.expiresAt === null

async function pass(days: number, stepMs = 4 * HOUR) {
  const end = world.clock.now().getTime() + days * DAY
  while (world.clock.now().getTime() < end) {
    world.clock.advance(stepMs)
    await run()
  }
}

beforeAll(run)

test('a key that is not used for as long as its policy allows ends, and its owner is told once', async () => {
  const type = await createKeyType(administrator, { name: 'Idle' })
  await createPolicy(administrator, { keyType: type, neverAllowed: true, idleDays: 5 })
  const [quiet, used, other] = [await make(type), await make(type), await make('Development')]
  await pass(4)
  await world.db.prisma.apiKey.update({ where: { id: used.row.id }, data: { lastUsedAt: world.clock.now() } })
  expect(await isLiving(quiet.row.id)).toBe(true)
  await pass(1)
  expect([await isLiving(quiet.row.id), await isLiving(used.row.id), await isLiving(other.row.id)]).toEqual([
    false,
    true,
    true,
  ])
  await pass(2)
  expect(await titles(owner)).toEqual([`The key “${quiet.row.name}” has expired: it was not used for 5 days`])
  const entries = await world.db.prisma.auditEntry.findMany({ where: { action: 'expireIdleApiKey' } })
  expect(entries.map(({ subjectId, actorName }) => [subjectId, actorName])).toEqual([[quiet.row.id, 'system']])
  expect((await verifyAuditChain(world.parts)).brokenAt).toBeNull()
})

test.each([
  ['over the spring change of the clocks', '2027-03-26T12:00:00.000Z'],
  ['over the autumn change of the clocks', '2027-10-29T12:00:00.000Z'],
  ['over the end of a year', '2027-12-29T12:00:00.000Z'],
  ['over the end of February in a leap year', '2028-02-26T12:00:00.000Z'],
])('%s, an idle key ends to the hour', async (_when, start) => {
  // The gap up to there is one in which no node ran: keys are idle from now on.
  world.clock.set(new Date(start))
  await run()
  const type = await createKeyType(administrator, { name: `Idle ${start}` })
  await createPolicy(administrator, { keyType: type, neverAllowed: true, idleDays: 5 })
  const { row } = await make(type)
  await pass(5 - 4 / 24)
  expect(await isLiving(row.id)).toBe(true)
  await pass(4 / 24)
  expect(await isLiving(row.id)).toBe(false)
})

test('the week in which no node ran does not make keys idle', async () => {
  const type = await createKeyType(administrator, { name: 'Idle too' })
  await createPolicy(administrator, { keyType: type, neverAllowed: true, idleDays: 5 })
  const { row } = await make(type)
  await run()
  world.clock.advance(7 * DAY)
  await run()
  expect(await isLiving(row.id)).toBe(true)
  await pass(4)
  expect(await isLiving(row.id)).toBe(true)
  await pass(2)
  expect(await isLiving(row.id)).toBe(false)
})

test('approvers are told of a request, and who asked when nobody answered in time', async () => {
  const [asking, approver] = [await world.person(), await world.person()]
  const group = await world.db.prisma.group.create({
    data: { name: 'Approvers', members: { create: { userId: approver.viewer.id } } },
  })
  const type = await createKeyType(administrator, { name: 'Guarded' })
  const rules = { neverAllowed: true, approvalRequired: true, approverGroupId: group.id }
  await createPolicy(administrator, { keyType: type, ...rules })
  const input = { name: 'Wanted', providerId: provider.id, type, expiresAt: null }
  const { row } = await createApiKey(asking, input)
  expect(await titles(approver)).toEqual([`${asking.viewer.username} asks for the key “Wanted”`])
  expect(await titles(asking)).toEqual([])
  await pass(14, 12 * HOUR)
  await Promise.all([run(), run()])
  expect(await titles(asking)).toEqual(['The key “Wanted” was not approved in time'])
  expect((await findApiKey(asking, row.id))?.deletedAt).not.toBeNull()
  await createApiKey(asking, input)
})
