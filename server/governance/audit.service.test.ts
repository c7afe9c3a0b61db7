import { expect, test } from 'vitest'
import { change } from '../lib/change.ts'
import type { PageArgs } from '../lib/page.ts'
import { testWorld } from '../test/world.ts'
import { listAuditEntries, verifyAuditChain } from './audit.service.ts'

const world = await testWorld()
const auditor = await world.person('AUDITOR')
const record = (name: string) =>
  change(auditor, async (_tx, add) => {
    add({
      action: 'test',
      subjectType: 'Test',
      subjectId: null,
      subjectName: name,
      before: { b: 1, a: ['ü', null] },
      after: { z: { y: true } },
    })
  })

test('forty changes at once are one chain without gaps', async () => {
  await Promise.all(Array.from({ length: 40 }, (_, index) => record(`change ${index}`)))
  expect(await verifyAuditChain(world.parts)).toMatchObject({ entries: 40, brokenAt: null })
})

test('a change that fails leaves neither a row nor a gap', async () => {
  await expect(
    change(auditor, async (_tx, add) => {
      add({ action: 'test', subjectType: 'Test', subjectId: null, subjectName: 'never' })
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  await record('after')
  const { hash } = await world.db.prisma.auditHead.findUniqueOrThrow({ where: { id: 1 } })
  expect(await verifyAuditChain(world.parts)).toEqual({ entries: 41, head: hash, brokenAt: null, checkpoint: null })
})

test('a change that records nothing is rolled back', async () => {
  const { id } = auditor.viewer
  await change(auditor, (tx) => tx.user.update({ where: { id }, data: { displayName: 'Changed' } }))
  expect((await world.db.prisma.user.findUniqueOrThrow({ where: { id } })).displayName).not.toBe('Changed')
})

test('the list pages from the newest to the oldest and back', async () => {
  const first = await listAuditEntries(auditor, { first: 30 }, {})
  const second = await listAuditEntries(auditor, { first: 30, after: first.pageInfo.endCursor }, {})
  const back = await listAuditEntries(auditor, { last: 30, before: second.pageInfo.startCursor }, {})
  expect([first.edges.length, second.edges.length, await first.countAll()]).toEqual([30, 11, 41])
  expect(first.edges[0]?.node.seq).toBe(41n)
  expect(back.edges).toEqual(first.edges)
  const between = { first: 30, after: first.edges[0]?.cursor, before: first.edges[3]?.cursor }
  expect((await listAuditEntries(auditor, between, {})).edges).toEqual(first.edges.slice(1, 3))
})

test('the list can begin with the oldest, and pages the same way', async () => {
  const seqs = async (args: PageArgs) =>
    (await listAuditEntries(auditor, args, {}, 'ASC')).edges.map(({ node }) => Number(node.seq))
  expect(await seqs({ first: 2 })).toEqual([1, 2])
  expect(await seqs({ first: 2, after: '2' })).toEqual([3, 4])
  expect(await seqs({ last: 2 })).toEqual([40, 41])
  expect(await seqs({ last: 2, before: '40' })).toEqual([38, 39])
})

test.each([
  ['an edited entry', `UPDATE audit_entries SET subject_name = 'other' WHERE seq = 7`, 7n],
  ['an edited address', `UPDATE audit_entries SET address = '10.0.0.1' WHERE seq = 5`, 5n],
  ['a removed entry', 'DELETE FROM audit_entries WHERE seq = 3', 3n],
])('%s is found', async (_what, sql, brokenAt) => {
  await world.db.pool.query(sql)
  expect((await verifyAuditChain(world.parts)).brokenAt).toBe(brokenAt)
})

test('a cut-off end is found', async () => {
  await world.db.pool.query('TRUNCATE audit_entries')
  expect((await verifyAuditChain(world.parts)).brokenAt).toBe(1n)
})

test('a page is asked for from one end', async () => {
  await expect(listAuditEntries(auditor, { first: 1, last: 1 }, {})).rejects.toThrow('last: cannot be combined')
  await expect(listAuditEntries(auditor, { last: 101 }, {})).rejects.toThrow('must be from 0 to 100')
})
