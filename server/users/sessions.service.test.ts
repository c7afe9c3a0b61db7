import { describe, expect, it } from 'vitest'
import { NotFound } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { ABSOLUTE_MS, IDLE_MS } from './session.ts'
import { endOwnSession, listOwnSessions, signOut } from './sessions.service.ts'
import { findViewer, signIn } from './sign-in.service.ts'
import { createUser, deleteUser, updateUser } from './users.service.ts'
import type { Act } from './viewer.ts'

const world = await testWorld()
const { parts, db, clock } = world
const administrator = await world.person('ADMINISTRATOR')
const password = 'correct horse battery'
const origin = { requestId: null, address: '192.0.2.1', userAgent: 'Browser/1' }

async function newPerson() {
  const { user } = await createUser(administrator, { username: `U${parts.random.uuidv7()}`, password })
  const enter = () => signIn({ parts, origin }, { username: user.username, password })
  const actOf = async (sessionToken: string): Promise<Act> => {
    const viewer = await findViewer(parts, { sessionToken })
    if (!viewer) throw new Error('the session has ended')
    return { parts, viewer, origin }
  }
  return { user, enter, actOf }
}

describe('a session', () => {
  it('is stored as a hash only', async () => {
    const { enter } = await newPerson()
    const { token, sessionId } = await enter()
    expect(token).toMatch(/^[\w-]{43}$/)
    const row = await db.prisma.session.findUniqueOrThrow({ where: { id: sessionId } })
    expect(Buffer.from(row.tokenHash)).toHaveLength(32)
    expect(row).toMatchObject({ address: '192.0.2.1', userAgent: 'Browser/1', lastSeenAt: clock.now() })
  })

  it('ends when it was not used for 12 hours', async () => {
    const { enter } = await newPerson()
    const { token } = await enter()
    for (let use = 0; use < 4; use++) {
      clock.advance(IDLE_MS - 1)
      expect(await findViewer(parts, { sessionToken: token })).not.toBeNull()
    }
    clock.advance(IDLE_MS)
    expect(await findViewer(parts, { sessionToken: token })).toBeNull()
  })

  it('ends after 30 days however much it is used', async () => {
    const { enter } = await newPerson()
    const { token, expiresAt } = await enter()
    const end = clock.now().getTime() + ABSOLUTE_MS
    expect(expiresAt.getTime()).toBe(end)
    while (clock.now().getTime() + IDLE_MS / 2 < end) {
      expect(await findViewer(parts, { sessionToken: token })).not.toBeNull()
      clock.advance(IDLE_MS / 2)
    }
    clock.set(new Date(end - 1))
    expect(await findViewer(parts, { sessionToken: token })).not.toBeNull()
    clock.set(new Date(end))
    expect(await findViewer(parts, { sessionToken: token })).toBeNull()
  })

  it('is written as seen at most once a minute', async () => {
    const { enter } = await newPerson()
    const { token, sessionId } = await enter()
    const start = clock.now()
    const seen = async () => {
      await findViewer(parts, { sessionToken: token })
      const { lastSeenAt } = await db.prisma.session.findUniqueOrThrow({ where: { id: sessionId } })
      return lastSeenAt.getTime() - start.getTime()
    }
    clock.advance(59_999)
    expect(await seen()).toBe(0)
    clock.advance(1)
    expect(await seen()).toBe(60_000)
  })

  it('is nobody for a token that was never given out, or is no token at all', async () => {
    for (const sessionToken of ['', 'x', '\0', 'a'.repeat(10_000), 'A'.repeat(43)]) {
      expect(await findViewer(parts, { sessionToken })).toBeNull()
    }
  })
})

describe('ending sessions', () => {
  it('ends this one, or all of ones own, and each end is told once', async () => {
    const { user, enter, actOf } = await newPerson()
    const [one, two, three] = [await enter(), await enter(), await enter()]
    const act = await actOf(one.token)
    await signOut(act, { allSessions: false })
    await signOut(act, { allSessions: false })
    expect(await findViewer(parts, { sessionToken: one.token })).toBeNull()
    expect(await findViewer(parts, { sessionToken: two.token })).not.toBeNull()
    await signOut(await actOf(two.token), { allSessions: true })
    expect(await findViewer(parts, { sessionToken: three.token })).toBeNull()
    const entries = await db.prisma.auditEntry.findMany({ where: { actorId: user.id, action: 'signOut' } })
    expect(entries.map(({ subjectId }) => subjectId).toSorted()).toEqual(
      [one, two, three].map(({ sessionId }) => sessionId).toSorted(),
    )
  })

  it('ends another one of ones own, and nobody else’s', async () => {
    const [ada, eve] = [await newPerson(), await newPerson()]
    const [here, there] = [await ada.enter(), await ada.enter()]
    const evil = await eve.actOf((await eve.enter()).token)
    for (const id of [here.sessionId, 'x', parts.random.uuidv7()]) {
      await expect(endOwnSession(evil, id)).rejects.toThrow(NotFound)
    }
    const act = await ada.actOf(here.token)
    const { endedAt } = await endOwnSession(act, there.sessionId)
    expect(endedAt).toEqual(clock.now())
    clock.advance(1000)
    expect((await endOwnSession(act, there.sessionId)).endedAt).toEqual(endedAt)
    expect(await findViewer(parts, { sessionToken: there.token })).toBeNull()
    expect(await findViewer(parts, { sessionToken: here.token })).not.toBeNull()
  })

  it('lists only those of ones own that have not ended', async () => {
    const { enter, actOf } = await newPerson()
    await enter()
    clock.advance(IDLE_MS)
    const [old, here, ended] = [await enter(), await enter(), await enter()]
    const act = await actOf(here.token)
    await endOwnSession(act, ended.sessionId)
    const page = await listOwnSessions(act, {})
    expect(page.edges.map(({ node }) => node.id).toSorted()).toEqual([old.sessionId, here.sessionId].toSorted())
    expect(await page.countAll()).toBe(2)
  })

  it('comes with disabling and with deleting a person, and enabling brings none back', async () => {
    const [ada, bob] = [await newPerson(), await newPerson()]
    const [one, two] = [await ada.enter(), await bob.enter()]
    await updateUser(administrator, { id: ada.user.id, active: false })
    await deleteUser(administrator, bob.user.id)
    expect(await findViewer(parts, { sessionToken: two.token })).toBeNull()
    await updateUser(administrator, { id: ada.user.id, active: true })
    expect(await findViewer(parts, { sessionToken: one.token })).toBeNull()
    expect((await ada.enter()).user.id).toBe(ada.user.id)
  })
})
