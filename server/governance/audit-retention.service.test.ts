import { expect, test } from 'vitest'
import { change } from '../lib/change.ts'
import { createKeyring } from '../lib/keyring.ts'
import { testWorld } from '../test/world.ts'
import { verifyAuditChain } from './audit.service.ts'
import { keepAuditRetention } from './audit-retention.service.ts'
import { updateInstallationSettings } from './installation.service.ts'

const world = await testWorld()
const { db, clock, parts } = world
const administrator = await world.person('ADMINISTRATOR')
const DAY_MS = 86_400_000

const subject = { subjectType: 'Thing', subjectId: null, subjectName: 'thing' }
const record = (count: number) =>
  change(administrator, async (_tx, add) => {
    for (let index = 0; index < count; index++) add({ action: 'test', ...subject, after: { index } })
  })
const keep = () => keepAuditRetention(parts, clock.now())
const countOld = () => db.prisma.auditEntry.count({ where: { action: 'test' } })

test('entries are kept for ever until the installation says otherwise, and that is an entry itself', async () => {
  await record(3)
  clock.advance(4000 * DAY_MS)
  await keep()
  expect(await countOld()).toBe(3)
  await updateInstallationSettings(administrator, { auditRetentionDays: 30 })
  const entry = await db.prisma.auditEntry.findFirstOrThrow({ where: { action: 'updateInstallationSettings' } })
  expect([entry.before, entry.after]).toEqual([{ auditRetentionDays: null }, { auditRetentionDays: 30 }])
  for (const days of [29, -1, 3651]) {
    const edit = updateInstallationSettings(administrator, { auditRetentionDays: days })
    await expect(edit).rejects.toThrow('auditRetentionDays')
  }
})

test('older entries go behind a checkpoint, from which the rest is proven', async () => {
  await record(2500)
  clock.advance(10 * DAY_MS)
  await record(5)
  clock.advance(25 * DAY_MS)
  await keep()
  expect(await countOld()).toBe(5)
  const { checkpoint, entries, brokenAt } = await verifyAuditChain(parts)
  // The change of the setting was as old as the 2500, and the three before it.
  expect([checkpoint?.seq, checkpoint?.entries, brokenAt]).toEqual([2504n, 2504n, null])
  const removal = await db.prisma.auditEntry.findFirstOrThrow({ where: { action: 'removeAuditEntries' } })
  expect(removal.after).toMatchObject({ seq: '2504', hash: Buffer.from(checkpoint?.hash ?? []).toString('hex') })
  expect(entries).toBe(await db.prisma.auditEntry.count())
})

test('what is taken out, or a checkpoint that is moved or from another master key, is found', async () => {
  const { seq } = await db.prisma.auditCheckpoint.findFirstOrThrow({ orderBy: { seq: 'desc' } })
  const stranger = { ...parts, keyring: createKeyring([Buffer.alloc(32, 9)]) }
  expect((await verifyAuditChain(stranger)).brokenAt).toBe(seq)
  const first = await db.prisma.auditEntry.findFirstOrThrow({ orderBy: { seq: 'asc' } })
  // As somebody with the database would: one more entry removed, and the checkpoint moved up behind it.
  await db.prisma.auditEntry.delete({ where: { seq: first.seq } })
  expect((await verifyAuditChain(parts)).brokenAt).toBe(seq + 1n)
  await db.prisma.auditCheckpoint.update({ where: { seq }, data: { seq: first.seq, hash: first.hash } })
  expect((await verifyAuditChain(parts)).brokenAt).toBe(first.seq)
})

test('nothing is removed from a chain that is broken, so that what proves it stays', async () => {
  clock.advance(100 * DAY_MS)
  const before = await db.prisma.auditEntry.count()
  await keep()
  expect(await db.prisma.auditEntry.count()).toBe(before)
})
