import { beforeEach, describe, expect, it } from 'vitest'
import { InvalidInput, NameTaken, NotFound } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { LastAdministrator } from './problems.ts'
import { createUser, deleteUser, findUser, listUsers, updateUser } from './users.service.ts'
import type { UserFilter } from './users.store.ts'
import type { Act } from './viewer.ts'

const world = await testWorld()
const { parts, db } = world
let administrator: Act

beforeEach(async () => {
  await db.prisma.user.updateMany({ data: { role: 'USER' } })
  administrator = await world.person('ADMINISTRATOR')
})

const nickname = () => `U${parts.random.uuidv7()}`
const ofAction = (action: string, subjectId: string) => db.prisma.auditEntry.findMany({ where: { action, subjectId } })

describe('a new user', () => {
  it('is told in the audit log and knows who made it', async () => {
    const username = nickname()
    const { user } = await createUser(administrator, {
      username,
      displayName: 'Ada',
      email: ' ada@example.com ',
      role: 'AUDITOR',
    })
    const facts = {
      username: username.toLowerCase(),
      displayName: 'Ada',
      email: 'ada@example.com',
      role: 'AUDITOR',
      active: true,
    }
    expect(user).toMatchObject({ ...facts, createdById: administrator.viewer.id, passwordHash: null })
    const [entry] = await ofAction('createUser', user.id)
    expect(entry).toMatchObject({ actorId: administrator.viewer.id, subjectType: 'User', before: null, after: facts })
  })

  it.each([
    ['HTML', '<img src=x onerror=alert(1)>'],
    ['a formula', '=1+1'],
    ['right-to-left letters', 'عائشة'],
    ['4-byte characters', '🦉🦉🦉'],
  ])('may be called %s, stored as it is', async (_what, text) => {
    const { user } = await createUser(administrator, {
      username: `${text}${nickname()}`.slice(0, 40),
      displayName: text,
    })
    expect(await findUser(administrator, user.id)).toMatchObject({ displayName: text })
  })

  it.each([
    ['a NUL', { displayName: 'a\0b' }],
    ['an override', { displayName: 'Ada\u202e' }],
    ['half a character', { username: 'abc\ud800' }],
    ['two characters', { username: 'ab' }],
    ['65 characters', { username: 'a'.repeat(65) }],
    ['no address', { email: 'not an address' }],
    ['a long address', { email: `${'a'.repeat(250)}@example.com` }],
    ['a short password', { password: 'short' }],
  ])('may not hold %s, and nothing is stored then', async (_what, hostile) => {
    const count = await db.prisma.user.count()
    await expect(createUser(administrator, { username: nickname(), ...hostile })).rejects.toThrow(InvalidInput)
    expect(await db.prisma.user.count()).toBe(count)
  })

  it('has a name of its own among those not deleted, whatever the case, also of parallel tries', async () => {
    const username = nickname()
    const tries = Array.from({ length: 5 }, () => createUser(administrator, { username }))
    const outcomes = await Promise.allSettled(tries)
    const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.user] : []))
    expect(made).toHaveLength(1)
    const lower = createUser(administrator, { username: username.toLowerCase() })
    await expect(lower).rejects.toThrow(NameTaken)
    await deleteUser(administrator, made[0]?.id ?? '')
    await createUser(administrator, { username })
  })
})

describe('changing a user', () => {
  it('changes only what is given and tells only what differs', async () => {
    const { user } = await createUser(administrator, {
      username: nickname(),
      displayName: 'Ada',
      email: 'a@example.com',
    })
    expect(await updateUser(administrator, { id: user.id, displayName: 'Ada L.', role: null })).toMatchObject({
      displayName: 'Ada L.',
      email: 'a@example.com',
      role: 'USER',
      version: 2,
    })
    expect(await updateUser(administrator, { id: user.id, email: '' })).toMatchObject({ email: null })
    await updateUser(administrator, { id: user.id, email: null, displayName: 'Ada L.', active: true })
    const entries = await ofAction('updateUser', user.id)
    expect(entries.map(({ before, after }) => [before, after])).toEqual([
      [{ displayName: 'Ada' }, { displayName: 'Ada L.' }],
      [{ email: 'a@example.com' }, { email: null }],
    ])
  })

  it('is not possible for nobody or a deleted one', async () => {
    const { user } = await createUser(administrator, { username: nickname() })
    await deleteUser(administrator, user.id)
    for (const id of [user.id, parts.random.uuidv7(), 'x', '']) {
      await expect(updateUser(administrator, { id, active: false })).rejects.toThrow(NotFound)
      await expect(deleteUser(administrator, id)).rejects.toThrow(NotFound)
    }
  })
})

describe('the last active administrator', () => {
  it('cannot be demoted, disabled or deleted; with a second one, can', async () => {
    const { id } = administrator.viewer
    await expect(updateUser(administrator, { id, role: 'AUDITOR' })).rejects.toThrow(LastAdministrator)
    await expect(updateUser(administrator, { id, active: false })).rejects.toThrow(LastAdministrator)
    await expect(deleteUser(administrator, id)).rejects.toThrow(LastAdministrator)
    await updateUser(administrator, { id, displayName: 'Still here', role: 'ADMINISTRATOR' })
    const second = await createUser(administrator, { username: nickname(), role: 'ADMINISTRATOR' })
    await updateUser(administrator, { id: second.user.id, active: false })
    await expect(deleteUser(administrator, id)).rejects.toThrow(LastAdministrator)
    await updateUser(administrator, { id: second.user.id, active: true })
    await deleteUser(administrator, id)
  })

  it('remains when all of them are taken away at once, in every way', async () => {
    const others = await Promise.all(Array.from({ length: 11 }, () => world.person('ADMINISTRATOR')))
    const tries = [administrator, ...others].map(({ viewer: { id } }, n) => {
      if (n % 3 === 0) return deleteUser(administrator, id)
      return updateUser(administrator, n % 3 === 1 ? { id, active: false } : { id, role: 'USER' })
    })
    const refused = (await Promise.allSettled(tries)).flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    expect(refused).toHaveLength(1)
    expect(refused[0]).toBeInstanceOf(LastAdministrator)
    expect(await db.prisma.user.count({ where: { role: 'ADMINISTRATOR', active: true, deletedAt: null } })).toBe(1)
  })
})

describe('the list of users', () => {
  const names = async (
    filter: UserFilter,
    order: Parameters<typeof listUsers>[3] = { field: 'USERNAME', direction: 'ASC' },
  ) => {
    const page = await listUsers(administrator, { first: 100 }, filter, order, {})
    expect(await page.countAll()).toBe(page.edges.length)
    return page.edges.map(({ node }) => node.displayName)
  }

  it('finds by part of a name or address, literally', async () => {
    const mark = parts.random.uuidv7()
    await createUser(administrator, {
      username: nickname(),
      displayName: `50%_${mark.slice(-12)}`,
      email: 'P@example.com',
    })
    await createUser(administrator, { username: nickname(), displayName: `500_${mark.slice(-12)}` })
    expect(await names({ search: `50%_${mark.slice(-12).toUpperCase()}` })).toHaveLength(1)
    expect(await names({ search: mark.slice(-12) })).toHaveLength(2)
    expect(await names({ search: 'p@EXAMPLE' })).toHaveLength(1)
    await expect(names({ search: 'a\0' })).rejects.toThrow(InvalidInput)
  })

  it('filters by role, state and deletion, sorted as wished', async () => {
    const mark = parts.random.uuidv7().slice(-12)
    const make = async (name: string, role: 'USER' | 'AUDITOR') =>
      (await createUser(administrator, { username: nickname(), displayName: `${name} ${mark}`, role })).user.id
    const [a, b] = [await make('a', 'USER'), await make('b', 'AUDITOR')]
    await make('c', 'AUDITOR')
    await updateUser(administrator, { id: b, active: false })
    const sorted = { field: 'DISPLAY_NAME', direction: 'DESC' } as const
    expect(await names({ search: mark }, sorted)).toEqual([`c ${mark}`, `b ${mark}`, `a ${mark}`])
    expect(await names({ search: mark, role: ['AUDITOR'], active: true })).toEqual([`c ${mark}`])
    await deleteUser(administrator, a)
    expect(await names({ search: mark, deleted: true })).toEqual([`a ${mark}`])
    expect(await names({ search: mark, role: ['USER'] })).toEqual([])
  })
})

it('shows a person by id to themselves, administrators and auditors only', async () => {
  const [ada, eve, auditor] = [await world.person(), await world.person(), await world.person('AUDITOR')]
  const { id } = ada.viewer
  for (const act of [ada, auditor, administrator]) expect(await findUser(act, id)).toMatchObject({ id })
  expect(await findUser(eve, id)).toBeNull()
  expect(await findUser(administrator, 'x')).toBeNull()
})
