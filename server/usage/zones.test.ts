import { describe, expect, test } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { testWorld } from '../test/world.ts'
import { createGroup } from '../users/groups.service.ts'
import { listUsageEntries } from './entries.service.ts'
import { getUsage, type UsageQuestion } from './report.service.ts'
import { anEntry, anIntent } from './test/entries.ts'
import { insertEntries } from './usage.store.ts'

const world = await testWorld()
const { pool, prisma } = world.db
const administrator = await world.person('ADMINISTRATOR')
const HOUR_MS = 3_600_000
const STEP_MS = 7 * 60_000

const setTimeZone = (timeZone: string) => prisma.installation.update({ where: { id: 1 }, data: { timeZone } })
const ask = (question: UsageQuestion) => getUsage(administrator, question)

/** Requests of one key, every 7 minutes. */
async function request(from: number, to: number, set: { readonly ownerId?: string } = {}) {
  const keyId = systemRandom.uuidv7()
  const times = Array.from({ length: (to - from) / STEP_MS }, (_, at) => from + at * STEP_MS)
  await insertEntries(
    pool,
    times.map((at) => ({ ...anEntry(anIntent(systemRandom.uuidv7(), at)), keyId, ...set })),
  )
  return { keyId, times }
}

/** How many of them fall on each day of the calendar on the wall. */
function perDay(times: readonly number[], timeZone: string): readonly number[] {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' })
  const days = Map.groupBy(times, (at) => format.format(at))
  return [...days].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, ofDay]) => ofDay.length)
}

// Clocks are set back in the night to 25 October 2026, forward in the night to 29 March; in the Azores over midnight.
test.each([
  ['UTC', '2026-11-10'],
  ['Asia/Kolkata', '2026-11-10'],
  ['Asia/Kathmandu', '2026-11-10'],
  ['Australia/Lord_Howe', '2026-10-03'],
  ['Europe/Berlin', '2026-10-24'],
  ['Europe/Berlin', '2026-03-28'],
  ['Atlantic/Azores', '2026-10-24'],
  ['Atlantic/Azores', '2026-03-28'],
])('every request in %s from %s on counts on its own day, and once', async (timeZone, day) => {
  await setTimeZone(timeZone)
  const begin = Date.parse(`${day}T05:00:00Z`)
  const { keyId, times } = await request(begin, begin + 77 * HOUR_MS)
  for (const [first, last] of [
    [0, 77],
    [9, 23],
    [13, 14],
    [17, 66],
  ] as const) {
    const [from, to] = [new Date(begin + first * HOUR_MS), new Date(begin + last * HOUR_MS)]
    const within = times.filter((at) => at >= from.getTime() && at < to.getTime())
    const sums = async (interval: UsageQuestion['interval']) =>
      (await ask({ from, to, interval, filter: { keyId } })).map(({ requests }) => requests)
    expect(await sums('DAY')).toEqual(perDay(within, timeZone))
    expect(await sums('TOTAL')).toEqual([within.length])
    const hours = Map.groupBy(within, (at) => Math.floor(at / HOUR_MS))
    expect(await sums('HOUR')).toEqual([...hours.values()].map(({ length }) => length))
    const [after, before] = [from.getTime() + 20 * 60_000, to.getTime() - 10 * 60_000]
    const log = await listUsageEntries(administrator, {}, { keyId, from: new Date(after), to: new Date(before) }, 'ASC')
    expect(await log.countAll()).toBe(times.filter((at) => at >= after && at < before).length)
  }
})

describe('a report by group', () => {
  test('counts a request for each group of its owner, and says durations as all do', async () => {
    await setTimeZone('UTC')
    const [ada, grace, nobody] = [await world.person(), await world.person(), await world.person()]
    const [one, both] = [[ada.viewer.id], [ada.viewer.id, grace.viewer.id]]
    const small = await createGroup(administrator, { name: 'Small', memberIds: one })
    const large = await createGroup(administrator, { name: 'Large', memberIds: both })
    const begin = Date.parse('2026-11-15T20:00:00Z')
    const counts: number[] = []
    for (const [act, hours] of [
      [ada, 7],
      [grace, 14],
      [nobody, 21],
    ] as const) {
      const { times } = await request(begin, begin + hours * HOUR_MS, { ownerId: act.viewer.id })
      counts.push(times.length)
    }
    const span = { from: new Date(begin), to: new Date(begin + 30 * HOUR_MS), interval: 'TOTAL' } as const
    const [ofAda = 0, ofGrace = 0] = counts
    const points = await ask({ ...span, groupBy: 'GROUP' })
    expect(points.map(({ group, label, requests, latencyMs }) => [group, label, requests, latencyMs?.p50])).toEqual([
      [large.id, 'Large', ofAda + ofGrace, 3],
      [small.id, 'Small', ofAda, 3],
    ])
    const finest = await ask({ ...span, groupBy: 'GROUP', filter: { providerId: anIntent('').providerId } })
    expect(finest).toEqual(points)
    const own = await getUsage(ada, { ...span, groupBy: 'GROUP' })
    expect(new Map(own.map(({ label, requests }) => [label, requests]))).toEqual(
      new Map([
        ['Large', ofAda],
        ['Small', ofAda],
      ]),
    )
  })
})
