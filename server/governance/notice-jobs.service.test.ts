import { beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { expireApiKey, updateApiKey } from '../keys/keys.service.ts'
import { createKeyType, createPolicy } from '../keys/policies.service.ts'
import { rotateApiKey } from '../keys/rotate-key.service.ts'
import { testWorld } from '../test/world.ts'
import { titleOf } from '../users/notice.ts'
import { listNotices, markNoticesRead } from '../users/notices.service.ts'
import { runDueJobs } from './jobs.service.ts'
import { NOTICE_JOBS } from './notice-jobs.service.ts'

const world = await testWorld()
const provider = await world.provider()
const administrator = await world.person('ADMINISTRATOR')
const DAY = 86_400_000
let count = 0

const run = () => runDueJobs(world.parts, NOTICE_JOBS)
const make = (owner: typeof administrator, set: object = {}) =>
  createApiKey(owner, { name: `Key ${++count}`, providerId: provider.id, ...set })
const told = async (owner: typeof administrator) => {
  const { edges } = await listNotices(owner, { first: 100 }, { unread: false })
  return edges.map(({ node }) => `${node.kind} ${node.details['days'] ?? ''}`.trim()).toReversed()
}

/** Lets time pass in steps, with a run of the jobs after each. */
async function pass(days: number, stepMs = DAY / 4) {
  const end = world.clock.now().getTime() + days * DAY
  while (world.clock.now().getTime() < end) {
    world.clock.advance(Math.min(stepMs, end - world.clock.now().getTime()))
    await run()
  }
}

// The jobs exist from the first start on.
beforeAll(run)

test.each([
  ['over the end of a year', '2026-12-10T23:59:59.999Z'],
  ['over the spring change of the clocks', '2027-03-01T01:30:00.000Z'],
  ['over the autumn change of the clocks', '2027-10-05T00:30:00.000Z'],
  ['over the end of February in a leap year', '2028-01-31T12:00:00.000Z'],
])('%s, an owner is told 30, 7 and 1 days before and at the expiry, once each', async (_when, start) => {
  world.clock.set(new Date(start))
  await run()
  const owner = await world.person()
  const { row } = await make(owner, { expiresAt: world.clock.inDays(40) })
  await pass(42)
  expect(await told(owner)).toEqual(['KEY_EXPIRING 30', 'KEY_EXPIRING 7', 'KEY_EXPIRING 1', 'KEY_EXPIRED 0'])
  const { edges } = await listNotices(owner, {}, { unread: true })
  const before = edges.map(({ node }) => (row.expiresAt ?? new Date(0)).getTime() - node.at.getTime())
  expect(before.toReversed()).toEqual([30 * DAY, 7 * DAY, DAY, 0])
})

test('a node that was down for a week loses no notice and tells none twice', async () => {
  const owner = await world.person()
  await make(owner, { expiresAt: world.clock.inDays(8) })
  await run()
  world.clock.advance(7 * DAY + DAY / 2)
  await Promise.all([run(), run(), run()])
  await run()
  expect(await told(owner)).toEqual(['KEY_EXPIRING 7', 'KEY_EXPIRING 1'])
})

test('a node that died in the middle of a run is replaced, and nothing is told twice', async () => {
  const owner = await world.person()
  await make(owner, { expiresAt: world.clock.inDays(8) })
  world.clock.advance(2 * DAY)
  await run()
  const now = world.clock.now()
  // As the dead node left it: its work done in part, its claim not given back.
  await world.db.pool.query('UPDATE jobs SET done_until = $1, claimed_until = $2', [
    new Date(now.getTime() - 3 * DAY),
    new Date(now.getTime() + 60_000),
  ])
  await run()
  expect(await told(owner)).toEqual(['KEY_EXPIRING 7'])
  world.clock.advance(120_000)
  await run()
  expect(await told(owner)).toEqual(['KEY_EXPIRING 7'])
})

test('a key that is shorter than a threshold is not announced by it, and a later expiry is announced anew', async () => {
  const owner = await world.person()
  const { row } = await make(owner, { expiresAt: world.clock.inDays(5) })
  await pass(4.5)
  expect(await told(owner)).toEqual(['KEY_EXPIRING 1'])
  await updateApiKey(owner, { id: row.id, expiresAt: world.clock.inDays(3) })
  await pass(3)
  expect(await told(owner)).toEqual(['KEY_EXPIRING 1', 'KEY_EXPIRING 1', 'KEY_EXPIRED 0'])
})

test('an owner is told when somebody else ends a key at once', async () => {
  const owner = await world.person()
  const { row } = await make(owner)
  world.clock.advance(60_000)
  await run()
  world.clock.advance(60_000)
  await expireApiKey(administrator, row.id)
  world.clock.advance(60_000)
  await run()
  expect(await told(owner)).toEqual(['KEY_EXPIRED 0'])
})

test('a secret that is too old is announced once, and once more when the next one is', async () => {
  const owner = await world.person()
  const type = await createKeyType(administrator, { name: 'Rotating' })
  await createPolicy(administrator, { keyType: type, neverAllowed: true, rotationDays: 90 })
  const { row } = await make(owner, { type, expiresAt: null })
  await pass(89, 10 * DAY)
  expect(await told(owner)).toEqual([])
  await pass(3)
  expect(await told(owner)).toEqual(['ROTATION_DUE 90'])
  await rotateApiKey(owner, { id: row.id, overlap: 'NOW' })
  await pass(95, 10 * DAY)
  expect(await told(owner)).toEqual(['ROTATION_DUE 90', 'ROTATION_DUE 90'])
})

test.each([
  ['over the spring change of the clocks', '2030-03-30T12:00:00.000Z'],
  ['over the end of a year', '2031-12-30T12:00:00.000Z'],
  ['over the end of February in a leap year', '2032-02-27T12:00:00.000Z'],
  ['over the autumn change of the clocks', '2032-10-29T12:00:00.000Z'],
])('%s, a rotation is due to the hour, also after a week without a node', async (_when, start) => {
  world.clock.set(new Date(start))
  await run()
  const owner = await world.person()
  const type = await createKeyType(administrator, { name: `Rotating ${start}` })
  await createPolicy(administrator, { keyType: type, neverAllowed: true, rotationDays: 3 })
  await make(owner, { type, expiresAt: null })
  await pass(3 - 1 / 24, DAY / 24)
  expect(await told(owner)).toEqual([])
  await pass(1 / 24)
  expect(await told(owner)).toEqual(['ROTATION_DUE 3'])
  const late = await world.person()
  await make(late, { type, expiresAt: null })
  world.clock.advance(7 * DAY)
  await Promise.all([run(), run()])
  await run()
  expect(await told(late)).toEqual(['ROTATION_DUE 3'])
  const { edges } = await listNotices(late, {}, { unread: true })
  expect(edges.map(({ node }) => world.clock.now().getTime() - node.at.getTime())).toEqual([4 * DAY])
})

test('the owner of a limited key and administrators are told at 80 and at 100 %, once each', async () => {
  const owner = await world.person()
  const { row } = await make(owner)
  const limit = await world.db.prisma.limit.create({
    data: { target: 'KEY', keyId: row.id, metric: 'REQUESTS', period: 'DAY', amount: 100 },
  })
  for (const kind of ['limit_warning', 'limit_reached']) {
    const data = {
      kind,
      subjectType: 'Limit',
      subjectId: limit.id,
      details: { used: 80 },
      occasion: `${kind} ${limit.id}`,
    }
    await world.db.prisma.event.create({ data: { ...data, at: world.clock.now() } })
  }
  await pass(1)
  await Promise.all([run(), run()])
  expect((await told(owner)).toSorted()).toEqual(['LIMIT_REACHED', 'LIMIT_WARNING'])
  const { edges } = await listNotices(administrator, { first: 100 }, { unread: true })
  const titles = edges.map(({ node }) => titleOf(node)).filter((title) => title.includes(row.name))
  expect(titles.toSorted()).toEqual([
    `The limit on ${row.name} is used up`,
    `The limit on ${row.name} is used up to 80 %`,
  ])
})

test('a limit that is used up when its raise ends is told of then, though every request is refused', async () => {
  const owner = await world.person()
  const now = world.clock.now().getTime()
  const raisedUntil = new Date(now + DAY / 24)
  const { id: limitId } = await world.db.prisma.limit.create({
    data: {
      target: 'USER',
      userId: owner.viewer.id,
      metric: 'REQUESTS',
      period: 'TOTAL',
      amount: 5n,
      raisedAmount: 40n,
      raisedUntil,
    },
  })
  await world.db.prisma.limitWindow.create({ data: { limitId, startsAt: new Date(0), used: 30n } })
  await run()
  expect(await told(owner)).toEqual([])
  await pass(1 / 12, DAY / 48)
  expect((await told(owner)).toSorted()).toEqual(['LIMIT_REACHED', 'LIMIT_WARNING'])
  await world.db.prisma.limit.update({ where: { id: limitId }, data: { enabled: false } })
})

test('a notice is read by the one it is for only', async () => {
  const [owner, stranger] = [await world.person(), await world.person()]
  await make(owner, { expiresAt: world.clock.inDays(2) })
  await pass(1.5)
  const { edges } = await listNotices(owner, {}, { unread: true })
  const ids = edges.map(({ node }) => node.id)
  expect(edges.map(({ node }) => titleOf(node))).toEqual([`The key “Key ${count}” expires in 1 day`])
  await expect(markNoticesRead(stranger, ids)).rejects.toThrow('no such notice')
  expect([await markNoticesRead(owner, ids), await markNoticesRead(owner, ids)]).toEqual([1, 0])
  expect(await told(stranger)).toEqual([])
})
