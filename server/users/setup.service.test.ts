import { expect, it } from 'vitest'
import { InvalidInput, NameTaken } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { SetupClosed } from './problems.ts'
import { completeSetup, createAdministrator, isSetupRequired, prepareSetup } from './setup.service.ts'
import { findViewer } from './sign-in.service.ts'

const { parts, db } = await testWorld()
const origin = { requestId: null, address: '192.0.2.1', userAgent: 'test' }
const asking = { parts, origin }
const password = 'correct horse battery'

it('makes exactly one administrator out of 50 parallel tries, and then never again', async () => {
  const outdated = await prepareSetup(parts)
  const token = await prepareSetup(parts)
  if (!token || !outdated) throw new Error('a new installation has a setup token')
  expect(await isSetupRequired(parts)).toBe(true)
  const input = { token, username: 'Ada', password }

  await expect(completeSetup(asking, { ...input, token: outdated })).rejects.toThrow(SetupClosed)
  await expect(completeSetup(asking, { ...input, token: '', username: 'x' })).rejects.toThrow(SetupClosed)
  await expect(completeSetup(asking, { ...input, password: 'short' })).rejects.toThrow(InvalidInput)

  const tries = Array.from({ length: 50 }, (_, n) => completeSetup(asking, { ...input, username: `Ada${n}` }))
  const outcomes = await Promise.allSettled(tries)
  const [winner, ...others] = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  if (!winner) throw new Error('nobody won')
  expect(others).toEqual([])
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(SetupClosed)
  expect(await db.prisma.user.count({ where: { role: 'ADMINISTRATOR' } })).toBe(1)
  expect(await findViewer(parts, { sessionToken: winner.token })).toMatchObject({
    role: 'ADMINISTRATOR',
    via: 'session',
  })

  expect(await isSetupRequired(parts)).toBe(false)
  expect(await prepareSetup(parts)).toBeNull()
  await expect(completeSetup(asking, input)).rejects.toThrow(SetupClosed)

  const entries = await db.prisma.auditEntry.findMany({ orderBy: { seq: 'asc' } })
  expect(entries.map(({ action }) => action)).toEqual(['prepareSetup', 'prepareSetup', 'completeSetup'])
  expect(entries.at(-1)).toMatchObject({ via: 'setup', address: '192.0.2.1', subjectName: winner.user.username })
  const told = JSON.stringify(entries, (_key, value) => (typeof value === 'bigint' ? value.toString() : value))
  for (const secret of [password, token, winner.token, winner.user.passwordHash ?? ''])
    expect(told).not.toContain(secret)
})

it('stores the token of the setup only as a hash, and the operator can choose it', async () => {
  const setupToken = 'chosen by the operator'
  await db.prisma.installation.update({ where: { id: 1 }, data: { setupCompletedAt: null } })
  const chosen = { ...parts, config: { ...parts.config, setupToken } }
  expect(await prepareSetup(chosen)).toBe(setupToken)
  const entries = await db.prisma.auditEntry.count()
  expect(await prepareSetup(chosen)).toBe(setupToken)
  expect(await db.prisma.auditEntry.count()).toBe(entries)
  const { setupTokenHash } = await db.prisma.installation.findUniqueOrThrow({ where: { id: 1 } })
  expect(Buffer.from(setupTokenHash ?? []).toString('hex')).toBe(
    '41b0eaae56309164c4d97639fdd01f5b460efb9a45330a0e4c12305f4fc730af',
  )
})

it('lets the operator make an administrator at the console, which closes the setup', async () => {
  const user = await createAdministrator(parts, { username: ' Grace ', password })
  expect(user).toMatchObject({ username: 'grace', role: 'ADMINISTRATOR', active: true })
  expect(await isSetupRequired(parts)).toBe(false)
  await expect(createAdministrator(parts, { username: 'GRACE', password })).rejects.toThrow(NameTaken)
})
