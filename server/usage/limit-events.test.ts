import { expect, test } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { testDb } from '../test/database.ts'
import { anEntry, anIntent } from './test/entries.ts'
import { insertEntries } from './usage.store.ts'

const { pool, prisma } = await testDb()

async function use(limitId: string, amount: number): Promise<void> {
  const charges = [{ limitId, at: 0, node: crypto.randomUUID(), amount }]
  await insertEntries(pool, [{ ...anEntry(anIntent(systemRandom.uuidv7())), charges }])
}

async function told(limitId: string): Promise<readonly string[]> {
  const events = await prisma.event.findMany({ where: { subjectId: limitId }, orderBy: { occasion: 'asc' } })
  return events.map(({ kind }) => kind)
}

test('80 and 100 % of a limit are told once, and anew of the amount that it is raised to', async () => {
  const kind = { target: 'EVERYTHING', metric: 'TOKENS', period: 'TOTAL' } as const
  const { id } = await prisma.limit.create({ data: { ...kind, amount: 100n } })
  await use(id, 79)
  expect(await told(id)).toEqual([])
  await use(id, 1)
  await use(id, 1)
  expect(await told(id)).toEqual(['limit_warning'])
  await Promise.all([use(id, 20), use(id, 20)])
  expect(await told(id)).toEqual(['limit_reached', 'limit_warning'])
  await prisma.limit.update({ where: { id }, data: { amount: 1_000n } })
  await use(id, 1)
  expect(await told(id)).toHaveLength(2)
  await use(id, 900)
  expect(await told(id)).toEqual(['limit_reached', 'limit_reached', 'limit_warning', 'limit_warning'])
})
