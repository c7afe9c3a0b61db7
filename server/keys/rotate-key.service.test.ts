import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { NotFound } from '../lib/problems.ts'
import { readSecret } from '../lib/secret.ts'
import { testWorld } from '../test/world.ts'
import { createApiKey } from './create-key.service.ts'
import { IdempotencyKeyReused, KeyDeleted, KeyExpired } from './key.ts'
import { deleteApiKey, expireApiKey, listApiKeys } from './keys.service.ts'
import { endOverlap, rotateApiKey } from './rotate-key.service.ts'
import { AlreadyRotating, NEWEST_FIRST } from './rotation.ts'

const world = await testWorld()
const provider = await world.provider()
const owner = await world.person()
const stranger = await world.person()
const administrator = await world.person('ADMINISTRATOR')
const HOUR = 3_600_000
let count = 0

async function newKey(expiresAt: Date | null = null) {
  const { row, secret } = await createApiKey(owner, { name: `Key ${++count}`, providerId: provider.id, expiresAt })
  return { row, publicId: readSecret(secret ?? '', 'aic_')?.publicId }
}

const secretsOf = (keyId: string) =>
  world.db.prisma.keySecret.findMany({ where: { keyId }, orderBy: [...NEWEST_FIRST] })
const rotating = async () => {
  const page = await listApiKeys(owner, {}, { status: ['ROTATING'] }, { field: 'NAME', direction: 'ASC' }, {})
  return page.edges.map(({ node }) => node.id)
}

test('a rotated key stays the same key and has a second secret, shown once', async () => {
  const { row, publicId } = await newKey()
  const rotated = await rotateApiKey(owner, { id: row.id, overlap: 'ONE_HOUR' })
  const { version: _, ...same } = row
  expect(rotated.row).toEqual({ ...same, version: row.version + 1 })
  const read = readSecret(rotated.secret ?? '', 'aic_')
  const [current, old] = await secretsOf(row.id)
  expect([current?.publicId, current?.expiresAt, current?.supersededAt]).toEqual([read?.publicId, null, null])
  expect([old?.publicId, old?.expiresAt]).toEqual([publicId, new Date(world.clock.now().getTime() + HOUR)])
  const entries = await world.db.prisma.auditEntry.findMany({ where: { subjectId: row.id } })
  expect(entries.map(({ action }) => action)).toEqual(['createApiKey', 'rotateApiKey'])
  expect(inspect([rotated.row, current, old, entries], { depth: 10 })).not.toContain(read?.secret)
})

test.each([
  ['NOW', 0],
  ['ONE_HOUR', HOUR],
  ['ONE_DAY', 24 * HOUR],
  ['SEVEN_DAYS', 168 * HOUR],
  ['THIRTY_DAYS', 720 * HOUR],
] as const)('with the overlap %s the key is rotating until exactly its end', async (overlap, ms) => {
  const { row } = await newKey()
  await rotateApiKey(owner, { id: row.id, overlap })
  if (ms > 0) {
    world.clock.advance(ms - 1)
    expect(await rotating()).toContain(row.id)
    world.clock.advance(1)
  }
  expect(await rotating()).not.toContain(row.id)
})

test('an overlap until ended has no end of its own', async () => {
  const { row } = await newKey()
  await rotateApiKey(owner, { id: row.id, overlap: 'UNTIL_ENDED' })
  world.clock.advance(10_000 * HOUR)
  expect(await rotating()).toContain(row.id)
  await endOverlap(owner, row.id)
  expect(await rotating()).not.toContain(row.id)
})

test('ending the overlap ends the old secret now, and only once', async () => {
  const { row, publicId } = await newKey()
  await rotateApiKey(owner, { id: row.id, overlap: 'SEVEN_DAYS' })
  await endOverlap(owner, row.id)
  const [, old] = await secretsOf(row.id)
  expect([old?.publicId, old?.expiresAt]).toEqual([publicId, world.clock.now()])
  const { version } = await endOverlap(owner, row.id)
  expect(version).toBe(row.version + 2)
})

test('the old secret can be kept instead, when the answer with the new one was lost', async () => {
  const { row, publicId } = await newKey()
  const { secret } = await rotateApiKey(owner, { id: row.id, overlap: 'ONE_HOUR' })
  await endOverlap(owner, row.id, 'OLD')
  const [current, lost] = await secretsOf(row.id)
  expect([current?.publicId, current?.expiresAt]).toEqual([publicId, null])
  expect([lost?.publicId, lost?.expiresAt]).toEqual([readSecret(secret ?? '', 'aic_')?.publicId, world.clock.now()])
  expect((await rotateApiKey(owner, { id: row.id, overlap: 'NOW' })).secret).not.toBeNull()
})

test('a key never has more than two valid secrets, also with ten tries at once', async () => {
  const { row } = await newKey()
  const rotate = () => rotateApiKey(owner, { id: row.id, overlap: 'ONE_DAY' })
  const tries = await Promise.allSettled(Array.from({ length: 10 }, rotate))
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  await expect(rotate()).rejects.toThrow(AlreadyRotating)
  expect(await secretsOf(row.id)).toHaveLength(2)
  world.clock.advance(24 * HOUR)
  await rotate()
})

test('a repeated call whose first answer was lost makes no second secret, also ten at once', async () => {
  const { row } = await newKey()
  const input = { id: row.id, overlap: 'ONE_DAY', idempotencyKey: `rotate-${row.id}` } as const
  const answers = await Promise.all(Array.from({ length: 10 }, () => rotateApiKey(owner, input)))
  expect(answers.filter(({ secret }) => secret !== null)).toHaveLength(1)
  expect(new Set(answers.map((answer) => answer.row.id))).toEqual(new Set([row.id]))
  expect(await secretsOf(row.id)).toHaveLength(2)
  await expect(rotateApiKey(owner, { ...input, overlap: 'NOW' })).rejects.toThrow(IdempotencyKeyReused)
})

test('an idempotency key of one operation is free for another', async () => {
  const input = { name: 'Shared word', providerId: provider.id, idempotencyKey: 'word' }
  const { row } = await createApiKey(owner, input)
  expect((await rotateApiKey(owner, { id: row.id, overlap: 'NOW', idempotencyKey: 'word' })).secret).not.toBeNull()
})

test('a dead key is not rotated, nor a foreign one; an administrator rotates every key', async () => {
  const [expired, deleted, living] = [await newKey(), await newKey(), await newKey()]
  await expireApiKey(owner, expired.row.id)
  await deleteApiKey(owner, deleted.row.id)
  await expect(rotateApiKey(owner, { id: expired.row.id, overlap: 'NOW' })).rejects.toThrow(KeyExpired)
  await expect(rotateApiKey(owner, { id: deleted.row.id, overlap: 'NOW' })).rejects.toThrow(KeyDeleted)
  await expect(rotateApiKey(stranger, { id: living.row.id, overlap: 'NOW' })).rejects.toThrow(NotFound)
  await expect(endOverlap(stranger, living.row.id)).rejects.toThrow(NotFound)
  expect(await secretsOf(living.row.id)).toHaveLength(1)
  expect((await rotateApiKey(administrator, { id: living.row.id, overlap: 'NOW' })).secret).not.toBeNull()
})
