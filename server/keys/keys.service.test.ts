import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { InvalidInput, NameTaken, NotFound } from '../lib/problems.ts'
import { isSecretRight, readSecret } from '../lib/secret.ts'
import { testWorld } from '../test/world.ts'
import { createApiKey } from './create-key.service.ts'
import { IdempotencyKeyReused, KeyDeleted, KeyExpired, RestoreWindowClosed } from './key.ts'
import * as keys from './keys.service.ts'

const world = await testWorld()
const provider = await world.provider()
const owner = await world.person()
const stranger = await world.person()
const administrator = await world.person('ADMINISTRATOR')
let count = 0
const named = () => ({ name: `Key ${++count}`, providerId: provider.id })
const auditOf = (subjectId: string) =>
  world.db.prisma.auditEntry.findMany({ where: { subjectId }, orderBy: { seq: 'asc' } })

test('a new key has a secret of the public form, of which only a keyed hash is stored', async () => {
  const { row, secret } = await createApiKey(owner, named())
  expect(secret).toMatch(/^aic_[0-9A-Za-z]{50}$/)
  const stored = await world.db.prisma.keySecret.findFirstOrThrow({ where: { keyId: row.id } })
  const read = readSecret(secret ?? '', 'aic_')
  expect(read?.publicId).toBe(stored.publicId)
  expect(isSecretRight(world.parts.keyring, stored, read?.secret ?? '')).toBe(true)
  const everything = inspect([row, stored, await auditOf(row.id)], { depth: 10 })
  expect(everything).not.toContain(read?.secret)
})

test('a key without an expiry lives as long as its type advises, one with null for ever', async () => {
  const development = await createApiKey(owner, named())
  const emergency = await createApiKey(owner, { ...named(), type: 'Emergency' })
  const eternal = await createApiKey(owner, { ...named(), expiresAt: null })
  const days = (at: Date | null) => at && (at.getTime() - world.clock.now().getTime()) / 86_400_000
  expect([days(development.row.expiresAt), days(emergency.row.expiresAt), eternal.row.expiresAt]).toEqual([30, 7, null])
})

test('an administrator makes a key for anybody; a user only for himself', async () => {
  const { row } = await createApiKey(administrator, { ...named(), ownerId: owner.viewer.id })
  expect([row.ownerId, row.creatorId]).toEqual([owner.viewer.id, administrator.viewer.id])
  await expect(createApiKey(stranger, { ...named(), ownerId: owner.viewer.id })).rejects.toThrow(NotFound)
})

test('a name is unique among the keys of its owner that are not deleted', async () => {
  const input = named()
  const { row } = await createApiKey(owner, input)
  await expect(createApiKey(owner, { ...input, name: ` ${input.name} ` })).rejects.toThrow(NameTaken)
  await createApiKey(stranger, input)
  await keys.deleteApiKey(owner, row.id)
  await createApiKey(owner, input)
  await expect(keys.restoreApiKey(owner, row.id)).rejects.toThrow(NameTaken)
})

test.each([
  ['name', { name: 'ab' }],
  ['name', { name: 'x'.repeat(65) }],
  ['name', { name: 'a\0bc' }],
  ['type', { type: 'Nonsense' }],
  ['expiresAt', { expiresAt: new Date('2026-11-23T12:00:00.000Z') }],
  ['purpose', { purpose: 'x'.repeat(501) }],
  ['idempotencyKey', { idempotencyKey: 'with space' }],
])('a bad %s is refused with its path, and nothing is stored', async (path, bad) => {
  const before = await world.db.prisma.apiKey.count()
  const error = await createApiKey(owner, { ...named(), ...bad }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(InvalidInput)
  expect(error instanceof InvalidInput && error.issues.map((issue) => issue.path)).toEqual([path])
  expect(await world.db.prisma.apiKey.count()).toBe(before)
})

test('an idempotency key makes one key and one secret, also with ten tries at once', async () => {
  const input = { ...named(), idempotencyKey: 'deploy-7' }
  const answers = await Promise.all(Array.from({ length: 10 }, () => createApiKey(owner, input)))
  expect(new Set(answers.map(({ row }) => row.id)).size).toBe(1)
  expect(answers.filter(({ secret }) => secret !== null)).toHaveLength(1)
  await expect(createApiKey(owner, { ...input, name: 'Another name' })).rejects.toThrow(IdempotencyKeyReused)
})

test('expiring ends a key now, keeps its record, and can be repeated', async () => {
  const { row } = await createApiKey(owner, named())
  const expired = await keys.expireApiKey(owner, row.id)
  expect(expired.expiresAt).toEqual(world.clock.now())
  world.clock.advance(1000)
  expect((await keys.expireApiKey(owner, row.id)).expiresAt).toEqual(expired.expiresAt)
  expect((await auditOf(row.id)).map(({ action }) => action)).toEqual(['createApiKey', 'expireApiKey'])
  await expect(keys.updateApiKey(owner, { id: row.id, expiresAt: null })).rejects.toThrow(KeyExpired)
})

test('a stranger finds no key by any verb, and nothing changes', async () => {
  const { row } = await createApiKey(owner, named())
  const verbs = [keys.expireApiKey, keys.deleteApiKey, keys.restoreApiKey]
  for (const verb of verbs) await expect(verb(stranger, row.id)).rejects.toThrow(NotFound)
  await expect(keys.updateApiKey(stranger, { id: row.id, name: 'Mine now' })).rejects.toThrow(NotFound)
  await expect(keys.expireApiKeys(stranger, [row.id])).rejects.toThrow(NotFound)
  expect(await keys.findApiKey(stranger, row.id)).toBeNull()
  expect(await keys.findApiKey(owner, row.id)).toEqual(row)
  expect(await auditOf(row.id)).toHaveLength(1)
})

test('an edit records what was and what is, and an empty one records nothing', async () => {
  const { row } = await createApiKey(owner, named())
  await keys.updateApiKey(owner, { id: row.id, purpose: ' Nightly ', name: row.name })
  await keys.updateApiKey(owner, { id: row.id, purpose: 'Nightly' })
  const [, edit, ...more] = await auditOf(row.id)
  expect([edit?.before, edit?.after, more]).toEqual([{ purpose: null }, { purpose: 'Nightly' }, []])
})

test('restrictions are stored in one form, edited as a whole, and taken away by an empty list', async () => {
  const input = { ...named(), models: ['gpt-*'], addresses: ['10.1.2.3/8'], endpoints: ['CHAT'] as const }
  const { row } = await createApiKey(owner, input)
  expect(row).toMatchObject({ models: ['gpt-*'], addresses: ['10.0.0.0/8'], endpoints: ['CHAT'] })
  await keys.updateApiKey(owner, { id: row.id, addresses: ['10.0.0.0/8'], models: null })
  expect(await auditOf(row.id)).toHaveLength(1)
  const edited = await keys.updateApiKey(owner, { id: row.id, addresses: [], endpoints: ['CHAT', 'MODELS'] })
  expect(edited).toMatchObject({ models: ['gpt-*'], addresses: [], endpoints: ['CHAT', 'MODELS'] })
  const [, edit] = await auditOf(row.id)
  expect([edit?.before, edit?.after]).toEqual([
    { addresses: ['10.0.0.0/8'], endpoints: ['CHAT'] },
    { addresses: [], endpoints: ['CHAT', 'MODELS'] },
  ])
  const plain = await createApiKey(owner, named())
  expect(plain.row).toMatchObject({ models: [], addresses: [], endpoints: [] })
  const bad = createApiKey(owner, { ...named(), addresses: ['somewhere'] })
  await expect(bad).rejects.toThrow(InvalidInput)
})

test('many keys are expired together, or none of them', async () => {
  const [a, b, foreign] = await Promise.all([
    createApiKey(owner, named()),
    createApiKey(owner, named()),
    createApiKey(stranger, named()),
  ])
  await expect(keys.expireApiKeys(owner, [a.row.id, foreign.row.id])).rejects.toThrow(NotFound)
  expect((await keys.findApiKey(owner, a.row.id))?.expiresAt).toEqual(a.row.expiresAt)
  await keys.expireApiKey(owner, a.row.id)
  expect((await keys.expireApiKeys(owner, [a.row.id, b.row.id, b.row.id])).expiredCount).toBe(1)
})

test('a deleted key can be restored for 30 days', async () => {
  const { row } = await createApiKey(owner, { ...named(), expiresAt: null })
  await keys.deleteApiKey(owner, row.id)
  await expect(keys.expireApiKey(owner, row.id)).rejects.toThrow(KeyDeleted)
  world.clock.advance(30 * 86_400_000)
  expect((await keys.restoreApiKey(owner, row.id)).deletedAt).toBeNull()
  await keys.deleteApiKey(owner, row.id)
  world.clock.advance(30 * 86_400_000 + 1)
  await expect(keys.restoreApiKey(owner, row.id)).rejects.toThrow(RestoreWindowClosed)
})
