import { expect, test } from 'vitest'
import { NotFound } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { purgeResponseCache } from './caching.service.ts'

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const [user, other] = [await world.person(), await world.person()]

async function lastPurged() {
  const entry = await world.db.prisma.auditEntry.findFirstOrThrow({ orderBy: { seq: 'desc' } })
  return [entry.action, entry.subjectId]
}

test('a person purges what is kept for them, and administrators what is kept for anybody', async () => {
  await purgeResponseCache(user, null)
  expect(await lastPurged()).toEqual(['purgeResponseCache', user.viewer.id])
  await purgeResponseCache(administrator, other.viewer.id)
  expect(await lastPurged()).toEqual(['purgeResponseCache', other.viewer.id])
  await purgeResponseCache(administrator, null)
  expect(await lastPurged()).toEqual(['purgeResponseCache', null])
})

test('somebody else, and nobody at all, is not found', async () => {
  await expect(purgeResponseCache(user, other.viewer.id)).rejects.toThrow(NotFound)
  await expect(purgeResponseCache(administrator, 'nobody')).rejects.toThrow(NotFound)
})
