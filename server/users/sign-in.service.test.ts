import { beforeEach, describe, expect, it } from 'vitest'
import { testWorld } from '../test/world.ts'
import { InvalidCredentials, TooManyAttempts } from './problems.ts'
import { signIn } from './sign-in.service.ts'
import { createUser, deleteUser, updateUser } from './users.service.ts'

const world = await testWorld()
const { parts, db, clock } = world
const administrator = await world.person('ADMINISTRATOR')
const password = 'correct horse battery'
const HOME = '192.0.2.1'

const enter = (username: string, given: string, address = HOME) =>
  signIn({ parts, origin: { requestId: null, address, userAgent: 'test' } }, { username, password: given })

const outcomeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'right',
    (error: unknown) => (error instanceof Error ? error.name : 'something else'),
  )

async function fail(times: number, username: string, addressOf: (n: number) => string) {
  const outcomes: string[] = []
  for (let n = 0; n < times; n++) outcomes.push(await outcomeOf(enter(username, 'wrong', addressOf(n))))
  return outcomes
}

let username = ''
let userId = ''
beforeEach(async () => {
  await db.prisma.signInThrottle.deleteMany()
  const { user } = await createUser(administrator, { username: `U${parts.random.uuidv7()}`, password })
  username = user.username
  userId = user.id
})

describe('signing in', () => {
  it('starts a session, whatever case the name is typed in', async () => {
    const { user } = await enter(` ${username.toUpperCase()} `, password)
    expect(user.id).toBe(userId)
    const [entry] = await db.prisma.auditEntry.findMany({ orderBy: { seq: 'desc' }, take: 1 })
    expect(entry).toMatchObject({ action: 'signIn', actorId: userId, actorName: username, address: HOME })
  })

  it('from a new place is told to the person, from a known one or for the first time is not', async () => {
    const told = async () => (await db.prisma.notice.findMany({ where: { userId } })).map(({ details }) => details)
    for (const address of [HOME, HOME]) await enter(username, password, address)
    expect(await told()).toEqual([])
    for (const address of ['198.51.100.7', HOME, '198.51.100.7']) await enter(username, password, address)
    expect(await told()).toEqual([{ address: '198.51.100.7', userAgent: 'test' }])
  })

  it('answers an unknown, wrong, disabled, deleted and impossible one alike', async () => {
    const other = await createUser(administrator, { username: `O${parts.random.uuidv7()}` })
    const gone = await createUser(administrator, { username: `G${parts.random.uuidv7()}`, password })
    await updateUser(administrator, { id: userId, active: false })
    await deleteUser(administrator, gone.user.id)
    const tries = [
      [username, password],
      [administrator.viewer.username, 'wrong'],
      ['nobody has this name', password],
      [other.user.username, password],
      [gone.user.username, password],
      ['a\0b\ud800', password],
      ['', ''],
    ] as const
    const messages = new Set<string>()
    for (const [name, given] of tries) {
      await enter(name, given).catch((error: unknown) => {
        expect(error).toBeInstanceOf(InvalidCredentials)
        messages.add(String(error))
      })
    }
    expect(messages.size).toBe(1)
  })

  it('costs a hash for an unknown name too', async () => {
    // CPU time of the process, since the clock on the wall also counts what others do.
    const timed = async (name: string) => {
      const start = process.cpuUsage()
      await outcomeOf(enter(name, 'wrong'))
      const { user, system } = process.cpuUsage(start)
      return user + system
    }
    const known = Math.min(await timed(username), await timed(username))
    const unknown = Math.min(await timed('nobody at all'), await timed('nobody at all'))
    expect(unknown).toBeGreaterThan(known / 3)
    expect(unknown).toBeLessThan(known * 3)
  })
})

describe('wrong tries', () => {
  it('slow the account down from all addresses, and are over by themselves', async () => {
    const outcomes = await fail(7, username, (n) => `198.51.100.${n}`)
    expect(outcomes).toEqual([...Array(5).fill('InvalidCredentials'), 'TooManyAttempts', 'TooManyAttempts'])
    const refused = enter(username, password, '203.0.113.1')
    await expect(refused).rejects.toThrow(new TooManyAttempts(1))
    clock.advance(1000)
    expect(await outcomeOf(enter(username, password, '203.0.113.1'))).toBe('right')
    expect(await db.prisma.signInThrottle.count({ where: { subject: `account:${username}` } })).toBe(0)
  })

  it('from elsewhere do not keep a person out at an address they have signed in from', async () => {
    await enter(username, password, HOME)
    for (let round = 0; round < 10; round++) {
      await fail(6, username, (n) => `198.51.100.${n}`)
      clock.advance(1000)
    }
    expect(await outcomeOf(enter(username, password, '203.0.113.1'))).toBe('TooManyAttempts')
    expect(await outcomeOf(enter(username, password, HOME))).toBe('right')
    // The attacker wins no tries by it.
    expect(await outcomeOf(enter(username, password, '203.0.113.1'))).toBe('TooManyAttempts')
  })

  it('slow an address down for all accounts but those at home there', async () => {
    await enter(username, password, HOME)
    const outcomes: string[] = []
    for (let n = 0; n < 22; n++) outcomes.push(await outcomeOf(enter(`guessed ${n}`, 'wrong', HOME)))
    expect(outcomes.slice(18)).toEqual([
      'InvalidCredentials',
      'InvalidCredentials',
      'TooManyAttempts',
      'TooManyAttempts',
    ])
    expect(await outcomeOf(enter(username, password, HOME))).toBe('right')
    expect(await outcomeOf(enter('guessed 1', 'wrong', HOME))).toBe('TooManyAttempts')
    expect(await outcomeOf(enter('guessed 1', 'wrong', '203.0.113.9'))).toBe('InvalidCredentials')
  })

  it('are slowed at a known address as well', async () => {
    await enter(username, password, HOME)
    expect((await fail(6, username, () => HOME)).at(-1)).toBe('TooManyAttempts')
  })

  it('of a name nobody has are slowed like those of a real one', async () => {
    const outcomes = await fail(6, 'nobody has this name', (n) => `198.51.100.${n}`)
    expect(outcomes.at(-1)).toBe('TooManyAttempts')
  })

  it('never make anybody wait longer than a minute', async () => {
    for (let n = 0; n < 30; n++) {
      await outcomeOf(enter(username, 'wrong', `198.51.100.${n}`))
      clock.advance(60_000)
    }
    expect(await outcomeOf(enter(username, password, '203.0.113.1'))).toBe('right')
  })

  it('in parallel get no more guesses than one after the other', async () => {
    const outcomes = await Promise.all(Array.from({ length: 60 }, () => outcomeOf(enter(username, 'wrong', HOME))))
    const guesses = outcomes.filter((outcome) => outcome === 'InvalidCredentials').length
    // Two are checked at a time, so one may be under way while the other fails.
    expect(guesses).toBeGreaterThanOrEqual(5)
    expect(guesses).toBeLessThanOrEqual(6)
  })

  it('are told to the audit log without flooding it, and without what was typed', async () => {
    const before = await db.prisma.auditEntry.count()
    for (let n = 0; n < 20; n++) {
      await outcomeOf(enter(username, 'wrong-password', `198.51.100.${n}`))
      await outcomeOf(enter(`typed-secret-${n}`, 'wrong-password', `198.51.100.${n}`))
      clock.advance(5000)
    }
    const entries = await db.prisma.auditEntry.findMany({ orderBy: { seq: 'asc' }, skip: before })
    expect(entries.length).toBeGreaterThan(2)
    expect(entries.length).toBeLessThan(15)
    expect(entries[0]).toMatchObject({ action: 'refuseSignIn', actorId: null, subjectName: username })
    const told = JSON.stringify(entries.map(({ subjectName, before, after }) => [subjectName, before, after]))
    expect(told).not.toContain('typed-secret')
    expect(told).not.toContain('wrong-password')
  })
})

it('lets many right ones of one person in at once', async () => {
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcomeOf(enter(username, password))))
  expect(new Set(outcomes)).toEqual(new Set(['right']))
})

it('does not start a session for somebody who is disabled while the password is checked', async () => {
  const [entered] = await Promise.all([
    outcomeOf(enter(username, password)),
    updateUser(administrator, { id: userId, active: false }),
  ])
  const live = await db.prisma.session.count({ where: { userId, endedAt: null } })
  expect(['right', 'InvalidCredentials']).toContain(entered)
  expect(live).toBe(0)
})
