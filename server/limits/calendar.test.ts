import { expect, test } from 'vitest'
import { changeCalendar } from './calendar.service.ts'
import { admitted, db, makeLimit, reserve, worldOf } from './test/lease-world.ts'
import { readLimitWorld } from './world.store.ts'

test('a limit per day goes on in the calendar of another time zone, with what was used of it', async () => {
  await makeLimit({ period: 'DAY', amount: 7n })
  const world = await worldOf(1)
  const [node] = world.nodes
  if (!node) return expect.unreachable()
  expect(admitted([await reserve(node), await reserve(node), await reserve(node)])).toHaveLength(3)
  await node.leases.heartbeat()
  const [before, after] = ['UTC', 'Asia/Kolkata']
  await db.prisma.installation.update({ where: { id: 1 }, data: { timeZone: after } })
  await changeCalendar(db.prisma, { before, after }, new Date(world.now))
  node.leases.set(await readLimitWorld(db.pool))
  expect(admitted(await Promise.all(Array.from({ length: 10 }, () => reserve(node))))).toHaveLength(4)
  await db.prisma.installation.update({ where: { id: 1 }, data: { timeZone: before } })
})

test('a window that begins in both calendars ends with the new one, also while requests of it are under way', async () => {
  const [before, after] = ['Europe/Berlin', 'Africa/Lagos']
  const moveTo = (timeZone: string) => db.prisma.installation.update({ where: { id: 1 }, data: { timeZone } })
  await makeLimit({ period: 'DAY', amount: 7n })
  await moveTo(before)
  const world = await worldOf(1, Date.parse('2026-03-29T21:00:00Z'))
  const [node] = world.nodes
  if (!node) return expect.unreachable()
  expect(admitted([await reserve(node)])).toHaveLength(1)
  await moveTo(after)
  await changeCalendar(db.prisma, { before, after }, new Date(world.now))
  node.leases.set(await readLimitWorld(db.pool))
  expect(admitted([await reserve(node)])).toHaveLength(1)
  // The day of Berlin was 23 hours long and is over; that of Lagos goes on.
  world.now = Date.parse('2026-03-29T22:30:00Z')
  expect(admitted(await Promise.all(Array.from({ length: 10 }, () => reserve(node))))).toHaveLength(5)
  await moveTo('UTC')
})
