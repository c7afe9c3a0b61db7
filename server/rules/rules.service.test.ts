import { describe, expect, test } from 'vitest'
import { InvalidInput, NameTaken, NotFound } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import * as rules from './rules.service.ts'

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const ada = await world.person()
const provider = await world.provider()
const nowhere = '01900000-0000-7000-8000-000000000000'
let count = 0
const fresh = () => ({ name: `Rule ${++count}`, effect: 'ALLOW', modelPattern: 'gpt-.*' }) as const
const byName = { field: 'NAME', direction: 'ASC' } as const

test('a fresh installation has one rule, for administrators, and it can be switched off', async () => {
  const { edges } = await rules.listRules(administrator, {}, {}, byName, {})
  expect(edges.map(({ node }) => [node.name, node.role, node.effect, node.enabled])).toEqual([
    ['Administrators may use everything', 'ADMINISTRATOR', 'ALLOW', true],
  ])
  const [first] = edges
  const off = await rules.updateRule(administrator, { id: first?.node.id ?? '', ...{ enabled: false } })
  expect(off.enabled).toBe(false)
})

describe('a rule', () => {
  test('is stored with its audit entry', async () => {
    const rule = await rules.createRule(administrator, { ...fresh(), userId: ada.viewer.id, providerId: provider.id })
    expect(rule).toMatchObject({ enabled: true, userId: ada.viewer.id, providerId: provider.id, role: null })
    const [entry] = await world.db.prisma.auditEntry.findMany({ where: { subjectId: rule.id } })
    expect(entry).toMatchObject({
      action: 'createRule',
      subjectType: 'Rule',
      subjectName: rule.name,
      after: { effect: 'ALLOW', modelPattern: 'gpt-.*', enabled: true, userId: ada.viewer.id },
    })
  })

  test('has a name that no other rule has, until it is deleted', async () => {
    const input = fresh()
    const rule = await rules.createRule(administrator, input)
    await expect(rules.createRule(administrator, input)).rejects.toThrow(NameTaken)
    await rules.deleteRule(administrator, rule.id)
    await rules.createRule(administrator, input)
    expect((await rules.findRule(administrator, rule.id))?.deletedAt).not.toBeNull()
    await expect(rules.deleteRule(administrator, rule.id)).rejects.toThrow(NotFound)
  })

  test.each([
    ['modelPattern', { modelPattern: 'gpt-(4' }],
    ['modelPattern', { modelPattern: '' }],
    ['modelPattern', { modelPattern: 'a'.repeat(501) }],
    ['modelPattern', { modelPattern: '(?=a)' }],
    ['name', { name: 'ab' }],
    ['description', { description: 'x'.repeat(501) }],
    ['userId', { userId: ada.viewer.id, role: 'USER' as const }],
  ])('with a bad %s is refused with its path', async (path, bad) => {
    const error = await rules.createRule(administrator, { ...fresh(), ...bad }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InvalidInput)
    expect(error instanceof InvalidInput && error.issues.map((issue) => issue.path)).toEqual([path])
  })

  test('says where its pattern is wrong', async () => {
    const error = await rules.createRule(administrator, { ...fresh(), modelPattern: 'gpt-(4' }).catch((e: Error) => e)
    expect(error).toMatchObject({ message: expect.stringContaining('at character 5') })
  })

  test.each(['userId', 'groupId', 'providerId'])('points at a %s that exists', async (member) => {
    for (const id of [nowhere, 'nonsense']) {
      await expect(rules.createRule(administrator, { ...fresh(), [member]: id })).rejects.toThrow(NotFound)
    }
  })

  test('is given another target in place of the first, and none by null', async () => {
    const rule = await rules.createRule(administrator, { ...fresh(), userId: ada.viewer.id })
    const edit = (set: object) => rules.updateRule(administrator, { id: rule.id, ...set })
    expect(await edit({ role: 'AUDITOR' })).toMatchObject({ userId: null, role: 'AUDITOR' })
    expect(await edit({ userId: ada.viewer.id, role: null, groupId: null })).toMatchObject({
      userId: ada.viewer.id,
      role: null,
    })
    expect(await edit({ description: 'Why' })).toMatchObject({ userId: ada.viewer.id, description: 'Why' })
    expect(await edit({ userId: null })).toMatchObject({ userId: null, role: null, groupId: null })
    await expect(edit({ userId: ada.viewer.id, role: 'USER' })).rejects.toThrow(InvalidInput)
  })

  test('that is changed to what it is records nothing', async () => {
    const rule = await rules.createRule(administrator, fresh())
    const same = await rules.updateRule(administrator, {
      id: rule.id,
      ...{ enabled: true, name: null, effect: 'ALLOW' },
    })
    expect(same.version).toBe(1)
    expect(await world.db.prisma.auditEntry.count({ where: { subjectId: rule.id } })).toBe(1)
  })

  test('is nobody’s to see but administrators’ and auditors’', async () => {
    const rule = await rules.createRule(administrator, fresh())
    expect(await rules.findRule(ada, rule.id)).toBeNull()
    expect(await rules.findRule(await world.person('AUDITOR'), rule.id)).toMatchObject({ name: rule.name })
  })
})
