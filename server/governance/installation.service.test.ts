import { describe, expect, test } from 'vitest'
import { InvalidInput } from '../lib/problems.ts'
import { systemRandom } from '../lib/random.ts'
import { createPrice } from '../limits/prices.service.ts'
import { testWorld } from '../test/world.ts'
import { getUsage, type UsageQuestion } from '../usage/report.service.ts'
import { anEntry, anIntent } from '../usage/test/entries.ts'
import { insertEntries } from '../usage/usage.store.ts'
import { getInstallationSettings, type InstallationEdit, updateInstallationSettings } from './installation.service.ts'

const world = await testWorld()
const { pool, prisma } = world.db
const administrator = await world.person('ADMINISTRATOR')
const update = (edit: InstallationEdit) => updateInstallationSettings(administrator, edit)

test('settings are changed with their audit entry, and only where they differ', async () => {
  const before = await getInstallationSettings(administrator)
  const after = await update({ defaultMaxTokens: 2048, usageRetentionDays: 90, timeZone: null, currency: 'USD' })
  expect(after).toEqual({ ...before, defaultMaxTokens: 2048, usageRetentionDays: 90 })
  expect(await getInstallationSettings(administrator)).toEqual(after)
  await update({ defaultMaxTokens: 2048 })
  const entries = await prisma.auditEntry.findMany({ where: { action: 'updateInstallationSettings' } })
  expect(entries.map(({ before: was, after: is }) => [was, is])).toEqual([
    [
      { defaultMaxTokens: 1024, usageRetentionDays: 400 },
      { defaultMaxTokens: 2048, usageRetentionDays: 90 },
    ],
  ])
})

test.each([
  ['timeZone', { timeZone: 'Europe/Atlantis' }],
  ['timeZone', { timeZone: '+05:30' }],
  ['timeZone', { timeZone: '' }],
  ['currency', { currency: 'usd' }],
  ['currency', { currency: 'XYZ1' }],
  ['defaultMaxTokens', { defaultMaxTokens: 0 }],
  ['defaultMaxTokens', { defaultMaxTokens: 1.5 }],
  ['usageRetentionDays', { usageRetentionDays: 3651 }],
])('a bad %s is refused with its path', async (path, bad) => {
  const error = await update(bad).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(InvalidInput)
  expect(error instanceof InvalidInput && error.issues.map((issue) => issue.path)).toEqual([path])
})

describe('another time zone', () => {
  const begin = Date.parse('2026-11-20T05:00:00Z')
  const span = { from: new Date(begin), to: new Date(begin + 60 * 3_600_000) }
  const sums = async (question: Omit<UsageQuestion, 'from' | 'to'>) =>
    (await getUsage(administrator, { ...span, ...question })).map(({ start: _, ...rest }) => rest)

  test('moves the days of reports, and loses and doubles nothing', async () => {
    const entries = Array.from({ length: 200 }, (_, at) => ({
      ...anEntry(anIntent(systemRandom.uuidv7(), begin + at * 17 * 60_000)),
      modelAsked: at % 3 ? 'gpt-4' : 'gpt-5',
      latencyMs: 1 + at * 7,
    }))
    await insertEntries(pool, entries)
    const groups = [null, 'KEY', 'MODEL'] as const
    const before = await Promise.all(groups.map((groupBy) => sums({ interval: 'TOTAL', groupBy })))
    for (const timeZone of ['Asia/Kathmandu', 'America/New_York', 'Asia/Kolkata', 'UTC']) {
      await update({ timeZone })
      expect(await Promise.all(groups.map((groupBy) => sums({ interval: 'TOTAL', groupBy })))).toEqual(before)
      const days = await getUsage(administrator, { ...span, interval: 'DAY' })
      const clock = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' })
      expect(days.map(({ start }) => clock.format(start))).toEqual(days.map(() => '00:00:00'))
      expect(days.reduce((sum, { requests }) => sum + requests, 0)).toBe(200)
      // Hours that were summed whole stay with the day in which they begin.
      const date = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' })
      const expected = Map.groupBy(entries, ({ startedAt }) => date.format(startedAt - (startedAt % 3_600_000)))
      expect(days.map(({ requests }) => requests)).toEqual([...expected.values()].map(({ length }) => length))
    }
  })

  test('lets limits go on with what was used of them', async () => {
    const [limitId, node] = [systemRandom.uuidv7(), systemRandom.uuidv7()]
    await prisma.limit.create({
      data: { id: limitId, target: 'EVERYTHING', metric: 'REQUESTS', period: 'DAY', amount: 100n },
    })
    const today = new Date('2026-11-23T00:00:00Z')
    await prisma.limitWindow.create({ data: { limitId, startsAt: today, used: 40n } })
    await prisma.limitNode.create({ data: { id: node, expiresAt: new Date('2026-11-24') } })
    const lease = { idle: 5n, reserved: 2n, unstored: 1n, report: 1n }
    await prisma.limitLease.create({ data: { limitId, startsAt: today, nodeId: node, ...lease } })
    await update({ timeZone: 'Asia/Kolkata' })
    const startsAt = new Date('2026-11-22T18:30:00Z')
    expect(await prisma.limitWindow.findFirst({ where: { limitId, startsAt } })).toMatchObject({ used: 43n })
    await update({ timeZone: 'UTC' })
    expect(await prisma.limitWindow.findFirst({ where: { limitId, startsAt: today } })).toMatchObject({ used: 43n })
  })
})

test('the currency can change until there is an amount in it', async () => {
  expect(await update({ currency: 'EUR' })).toMatchObject({ currency: 'EUR' })
  const { id: providerId } = await world.provider()
  await createPrice(administrator, { providerId, modelPattern: 'gpt-*', inputMicros: 1n, outputMicros: 1n })
  await expect(update({ currency: 'USD' })).rejects.toThrow(InvalidInput)
})
