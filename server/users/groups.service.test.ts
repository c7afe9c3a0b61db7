import { describe, expect, test } from 'vitest'
import { InvalidInput, NameTaken, NotFound } from '../lib/problems.ts'
import { createRule, deleteRule } from '../rules/rules.service.ts'
import { testWorld } from '../test/world.ts'
import { GroupInUse } from './group.ts'
import * as groups from './groups.service.ts'

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const auditor = await world.person('AUDITOR')
const [ada, grace] = [await world.person(), await world.person()]
let count = 0
const named = () => `Group ${++count}`
const byName = { field: 'NAME', direction: 'ASC' } as const
const names = async (act: typeof ada) => {
  const { edges } = await groups.listGroups(act, { first: 100 }, {}, byName, {})
  return edges.map(({ node }) => node.name)
}
const membersOf = async (id: string) => {
  const { edges } = await groups.listMembers(auditor, { id }, {})
  return edges.map(({ node }) => node.id).toSorted()
}
const auditOf = (subjectId: string) =>
  world.db.prisma.auditEntry.findMany({ where: { subjectId }, orderBy: { seq: 'asc' } })

describe('a group', () => {
  test('has a name that no other group has, until it is deleted', async () => {
    const name = named()
    const group = await groups.createGroup(administrator, { name, memberIds: [ada.viewer.id] })
    await expect(groups.createGroup(administrator, { name: ` ${name} ` })).rejects.toThrow(NameTaken)
    await groups.deleteGroup(administrator, group.id)
    const again = await groups.createGroup(administrator, { name })
    expect(again.id).not.toBe(group.id)
  })

  test('keeps the people it is given, and its version grows with them', async () => {
    const group = await groups.createGroup(administrator, { name: named(), memberIds: [ada.viewer.id] })
    const edit = { id: group.id, addMemberIds: [grace.viewer.id, ada.viewer.id] }
    const both = await groups.updateGroup(administrator, edit)
    expect([both.version, await membersOf(group.id)]).toEqual([2, [ada.viewer.id, grace.viewer.id].toSorted()])
    const one = await groups.updateGroup(administrator, { id: group.id, removeMemberIds: [ada.viewer.id] })
    expect([one.version, await membersOf(group.id)]).toEqual([3, [grace.viewer.id]])
    const same = await groups.updateGroup(administrator, { id: group.id, name: group.name })
    expect(same.version).toBe(3)
    const audit = await auditOf(group.id)
    expect(audit.map(({ action, before, after }) => [action, before, after])).toEqual([
      ['createGroup', null, { name: group.name, members: [ada.viewer.username] }],
      ['updateGroup', null, { added: [grace.viewer.username] }],
      ['updateGroup', null, { removed: [ada.viewer.username] }],
    ])
  })

  test('takes nobody who does not exist, and is not made then', async () => {
    const name = named()
    const memberIds = [ada.viewer.id, '01900000-0000-7000-8000-000000000000']
    await expect(groups.createGroup(administrator, { name, memberIds })).rejects.toThrow(NotFound)
    expect(await names(auditor)).not.toContain(name)
  })

  test.each(['ab', 'x'.repeat(65), 'a\0bc'])('is not called %j', async (name) => {
    await expect(groups.createGroup(administrator, { name })).rejects.toThrow(InvalidInput)
  })

  test('is not deleted while a rule names it', async () => {
    const group = await groups.createGroup(administrator, { name: named() })
    const terms = { name: named(), effect: 'ALLOW', modelPattern: '.*', groupId: group.id } as const
    const rule = await createRule(administrator, terms)
    const refused = await groups.deleteGroup(administrator, group.id).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(GroupInUse)
    expect(refused).toMatchObject({ uses: { rules: 1 }, message: expect.stringContaining('1 rule') })
    await deleteRule(administrator, rule.id)
    expect((await groups.deleteGroup(administrator, group.id)).deletedAt).not.toBeNull()
    await expect(groups.updateGroup(administrator, { id: group.id, name: 'Again' })).rejects.toThrow(NotFound)
    await expect(createRule(administrator, { ...terms, name: named() })).rejects.toThrow(NotFound)
  })

  test('is not deleted while a limit names it', async () => {
    const group = await groups.createGroup(administrator, { name: named() })
    await world.db.prisma.limit.create({
      data: { target: 'GROUP', groupId: group.id, metric: 'REQUESTS', period: 'DAY', amount: 1n },
    })
    const refused = await groups.deleteGroup(administrator, group.id).catch((error: unknown) => error)
    expect(refused).toMatchObject({ uses: { rules: 0, limits: 1 }, message: expect.stringContaining('1 limit.') })
  })

  test('is not deleted while its members approve keys or answer a review', async () => {
    const group = await groups.createGroup(administrator, { name: named(), memberIds: [ada.viewer.id] })
    await world.db.prisma.keyType.create({ data: { name: 'Approved' } })
    const policy = await world.db.prisma.policy.create({ data: { keyType: 'Approved', approverGroupId: group.id } })
    const review = await world.db.prisma.accessReview.create({
      data: {
        name: 'Yearly',
        reviewer: 'GROUP',
        reviewerGroupId: group.id,
        expireUnanswered: true,
        createdAt: world.clock.now(),
        dueAt: world.clock.inDays(7),
      },
    })
    const refused = await groups.deleteGroup(administrator, group.id).catch((error: unknown) => error)
    const message = 'This group is used by 1 policy and 1 open review. Change or delete them first.'
    expect(refused).toMatchObject({ message })
    await world.db.prisma.policy.delete({ where: { id: policy.id } })
    await world.db.prisma.accessReview.update({ where: { id: review.id }, data: { closedAt: world.clock.now() } })
    await groups.deleteGroup(administrator, group.id)
  })

  test('and a rule for it are not made and deleted past each other', async () => {
    for (let round = 0; round < 10; round++) {
      const group = await groups.createGroup(administrator, { name: named() })
      const rule = { name: named(), effect: 'ALLOW', modelPattern: '.*', groupId: group.id } as const
      const [made, gone] = await Promise.allSettled([
        createRule(administrator, rule),
        groups.deleteGroup(administrator, group.id),
      ])
      expect([made.status, gone.status].toSorted()).toEqual(['fulfilled', 'rejected'])
    }
  })
})

test('users see the groups they belong to, administrators and auditors all', async () => {
  const [mine, other] = [named(), named()]
  const group = await groups.createGroup(administrator, { name: mine, memberIds: [ada.viewer.id] })
  const foreign = await groups.createGroup(administrator, { name: other, memberIds: [grace.viewer.id] })
  expect(await names(ada)).toContain(mine)
  expect(await names(ada)).not.toContain(other)
  for (const reader of [administrator, auditor])
    expect(await names(reader)).toEqual(expect.arrayContaining([mine, other]))
  expect(await groups.findGroup(ada, group.id)).toMatchObject({ name: mine })
  expect(await groups.findGroup(ada, foreign.id)).toBeNull()
  expect(await groups.findGroup(ada, 'nonsense')).toBeNull()
  const found = await groups.listGroups(ada, {}, { memberId: grace.viewer.id }, byName, {})
  expect(found.edges.map(({ node }) => node.name)).not.toContain(other)
})
