import { describe, expect, it } from 'vitest'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { parse } from '../lib/text.ts'
import { testWorld } from '../test/world.ts'
import { hashPassword, isPasswordRight, NOBODYS_HASH, newPassword } from './password.ts'
import { changePassword, resetPassword, resetPasswordFromConsole, setPassword } from './passwords.service.ts'
import { InvalidCredentials, LinkExpired, TooManyAttempts } from './problems.ts'
import { findViewer, signIn } from './sign-in.service.ts'
import { createUser, deleteUser, updateUser } from './users.service.ts'

const world = await testWorld()
const { parts, db, clock } = world
const administrator = await world.person('ADMINISTRATOR')
const password = 'correct horse battery'
const other = 'another horse battery'
const asking = { parts, origin: { requestId: null, address: '192.0.2.1', userAgent: null } }

const tokenOf = (url: string | null) =>
  /^http:\/\/127\.0\.0\.1:9090\/set-password#token=([\w-]{43})$/.exec(url ?? '')?.[1] ?? ''

const newPerson = (given?: string) =>
  createUser(administrator, { username: `U${parts.random.uuidv7()}`, password: given })

async function enter(username: string, given: string) {
  const signedIn = await signIn(asking, { username, password: given })
  const viewer = await findViewer(parts, { sessionToken: signedIn.token })
  if (!viewer) throw new Error('no session')
  return { ...signedIn, act: { ...asking, viewer } }
}

describe('a password', () => {
  it('is stored as argon2id with a salt of its own, and unaffected by how an accent is typed', async () => {
    const [one, two] = [
      await hashPassword(parts.random, 'café '.repeat(4)),
      await hashPassword(parts.random, 'café '.repeat(4)),
    ]
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(one).not.toBe(two)
    expect(await isPasswordRight(one, 'cafe\u0301 '.repeat(4))).toBe(true)
    expect(await isPasswordRight(one, 'cafe '.repeat(4))).toBe(false)
    expect(await isPasswordRight(NOBODYS_HASH, '')).toBe(false)
  })

  it.each([
    ['short', 'a1b2c3d4e5f'],
    ['long', 'ab12'.repeat(65)],
    ['monotonous', 'abababababababab'],
    ['half a character', 'abcdefghijkl\ud83d'],
  ])('must not be %s', (_what, given) => {
    expect(() => parse(newPassword, given)).toThrow(InvalidInput)
  })

  it.each(['correct horse battery', 'パスワードパスワードパス', '🔑🔒🗝️🔐🔓🔏🧷🪝🧲🧰🪛🪚', "' OR 1=1; --<b>"])(
    'may be %s',
    (given) => {
      expect(parse(newPassword, given)).toBe(given)
    },
  )
})

describe('changing ones own', () => {
  it('needs the current one, and ends the other sessions', async () => {
    const { user } = await newPerson(password)
    const [here, there] = [await enter(user.username, password), await enter(user.username, password)]
    const change = (currentPassword: string, next: string) =>
      changePassword(here.act, { currentPassword, newPassword: next })
    await expect(change('wrong', other)).rejects.toThrow(InvalidCredentials)
    await expect(change(password, 'short')).rejects.toThrow(InvalidInput)
    await change(password, other)
    expect(await findViewer(parts, { sessionToken: here.token })).not.toBeNull()
    expect(await findViewer(parts, { sessionToken: there.token })).toBeNull()
    await expect(enter(user.username, password)).rejects.toThrow(InvalidCredentials)
    await enter(user.username, other)
  })

  it('cannot be used to guess it', async () => {
    const { user } = await newPerson(password)
    const { act } = await enter(user.username, password)
    const guess = () => changePassword(act, { currentPassword: 'wrong', newPassword: other })
    for (let n = 0; n < 5; n++) await expect(guess()).rejects.toThrow(InvalidCredentials)
    await expect(guess()).rejects.toThrow(TooManyAttempts)
  })
})

describe('a one-time link', () => {
  it('sets the first password once, also of parallel tries, and signs in', async () => {
    const { user, setPasswordUrl } = await newPerson()
    const token = tokenOf(setPasswordUrl)
    await expect(enter(user.username, password)).rejects.toThrow(InvalidCredentials)
    await expect(setPassword(asking, { token, password: 'short' })).rejects.toThrow(InvalidInput)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => setPassword(asking, { token, password })),
    )
    const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(winners).toHaveLength(1)
    expect(await findViewer(parts, { sessionToken: winners[0]?.token ?? '' })).toMatchObject({ id: user.id })
    await expect(setPassword(asking, { token, password: other })).rejects.toThrow(LinkExpired)
    await enter(user.username, password)
  })

  it('works for 7 days and not longer', async () => {
    const [one, two] = [await newPerson(), await newPerson()]
    clock.advance(7 * 86_400_000 - 1)
    await setPassword(asking, { token: tokenOf(one.setPasswordUrl), password })
    clock.advance(1)
    await expect(setPassword(asking, { token: tokenOf(two.setPasswordUrl), password })).rejects.toThrow(LinkExpired)
  })

  it('is replaced by a newer one, and ends with its person', async () => {
    const [one, two, three] = [await newPerson(), await newPerson(), await newPerson()]
    const { setPasswordUrl } = await resetPassword(administrator, one.user.id)
    await updateUser(administrator, { id: two.user.id, active: false })
    await updateUser(administrator, { id: two.user.id, active: true })
    await deleteUser(administrator, three.user.id)
    for (const { setPasswordUrl: old } of [one, two, three]) {
      await expect(setPassword(asking, { token: tokenOf(old), password })).rejects.toThrow(LinkExpired)
    }
    await setPassword(asking, { token: tokenOf(setPasswordUrl), password })
    await expect(setPassword(asking, { token: '', password })).rejects.toThrow(LinkExpired)
  })
})

describe('a reset', () => {
  it('takes the old password and the sessions away', async () => {
    const { user } = await newPerson(password)
    const { token } = await enter(user.username, password)
    await resetPassword(administrator, user.id)
    expect(await findViewer(parts, { sessionToken: token })).toBeNull()
    await expect(enter(user.username, password)).rejects.toThrow(InvalidCredentials)
    await expect(resetPassword(administrator, parts.random.uuidv7())).rejects.toThrow(NotFound)
    await expect(resetPassword(administrator, 'x')).rejects.toThrow(NotFound)
  })

  it('works from the console too', async () => {
    const { user } = await newPerson(password)
    const url = await resetPasswordFromConsole(parts, ` ${user.username.toUpperCase()}`)
    await setPassword(asking, { token: tokenOf(url), password: other })
    await enter(user.username, other)
    await expect(resetPasswordFromConsole(parts, 'nobody')).rejects.toThrow(NotFound)
  })
})

it('leaves neither passwords nor tokens in the audit log', async () => {
  const { user, setPasswordUrl } = await newPerson()
  await setPassword(asking, { token: tokenOf(setPasswordUrl), password })
  const { act } = await enter(user.username, password)
  await changePassword(act, { currentPassword: password, newPassword: other })
  const { setPasswordUrl: again } = await resetPassword(administrator, user.id)
  const entries = await db.prisma.auditEntry.findMany({
    where: { subjectName: user.username },
    orderBy: { seq: 'asc' },
  })
  expect(entries.map(({ action }) => action)).toEqual([
    'createUser',
    'setPassword',
    'signIn',
    'changePassword',
    'resetPassword',
  ])
  const told = JSON.stringify(entries.map(({ before, after }) => [before, after]))
  for (const secret of [password, other, tokenOf(setPasswordUrl), tokenOf(again), 'argon2'])
    expect(told).not.toContain(secret)
})
