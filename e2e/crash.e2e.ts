import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Seen, startLoad } from './product/load.ts'
import type { UsageRow } from './product/world.ts'
import { openWorld, type World } from './product.ts'

const kills = 20
const workers = 16

let world: World

beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

type Figures = { readonly seen: readonly Seen[]; readonly readyMs: readonly number[] }

/** Load, `kill -9` at a different moment each time, start again; resolves with what the callers saw. */
async function killUnderLoad(): Promise<Figures> {
  const seen: Seen[] = []
  const readyMs: number[] = []
  for (let round = 0; round < kills; round += 1) {
    const load = startLoad(world.key, `r${round}`, workers)
    // The kill falls into another phase of the requests each time; a prime step spreads it evenly.
    await wait(250 + ((round * 37) % 200))
    await world.product.kill('SIGKILL')
    seen.push(...(await load.stop()))
    readyMs.push(await world.product.start())
  }
  return { seen, readyMs }
}

function byModel(rows: readonly UsageRow[]): Map<string, UsageRow[]> {
  const map = new Map<string, UsageRow[]>()
  for (const row of rows) map.set(row.modelAsked ?? '', [...(map.get(row.modelAsked ?? '') ?? []), row])
  return map
}

const arrivedModels = () => world.fake.ledger.entries().map((entry) => entry.model)

/** The entries once every request that the provider saw has one; after a minute whatever there is. */
async function settledEntries(): Promise<Map<string, UsageRow[]>> {
  let entries = byModel(await world.admin.usageEntries())
  for (let tries = 0; tries < 30 && arrivedModels().some((model) => !entries.has(model)); tries += 1) {
    await wait(1000)
    entries = byModel(await world.admin.usageEntries())
  }
  return entries
}

describe(`kill -9 of the server ${kills} times under load`, () => {
  let figures: Figures
  let entries: Map<string, UsageRow[]>

  beforeAll(async () => {
    figures = await killUnderLoad()
    entries = await settledEntries()
    const ends = new Map<string, number>()
    for (const row of [...entries.values()].flat()) ends.set(row.end, (ends.get(row.end) ?? 0) + 1)
    const outcomes = new Map<string, number>()
    for (const { outcome } of figures.seen) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    const ready = figures.readyMs.map(Math.round).sort((a, b) => a - b)
    process.stdout.write(
      `${kills} kills: ${figures.seen.length} requests ${JSON.stringify(Object.fromEntries(outcomes))}, ` +
        `${arrivedModels().length} reached the provider, entries ${JSON.stringify(Object.fromEntries(ends))}, ` +
        `ready again in ${ready[0]} to ${ready.at(-1)} ms\n`,
    )
  }, 300_000)

  test('the embedded database opened again each time', () => {
    expect(figures.readyMs).toHaveLength(kills)
  })

  test('the load was real: most requests were answered, and each kill cut some', () => {
    const answered = figures.seen.filter(({ outcome }) => outcome === 'answered')
    const cut = figures.seen.filter(({ outcome }) => outcome === 'cut')
    expect(answered.length).toBeGreaterThan(kills * 5)
    expect(answered.some(({ streamed }) => streamed)).toBe(true)
    expect(cut.length).toBeGreaterThan(kills)
  })

  test('no request has two entries', () => {
    const twice = [...entries].filter(([, rows]) => rows.length !== 1)
    expect(twice).toEqual([])
  })

  test('every answered request has exactly one entry, complete, with its tokens', () => {
    const wrong = figures.seen
      .filter(({ outcome }) => outcome === 'answered')
      .map((seen) => ({ seen, rows: entries.get(seen.model) ?? [] }))
      .filter(({ seen, rows }) => {
        const [row] = rows
        return row?.end !== 'COMPLETE' || row.inputTokens !== 3 || row.outputTokens !== seen.outputTokens
      })
    expect(wrong).toEqual([])
  })

  test('the entry of an answered request has the request id that the caller saw', () => {
    const wrong = figures.seen.filter(
      (seen) => seen.outcome === 'answered' && entries.get(seen.model)?.[0]?.id !== seen.requestId,
    )
    expect(wrong).toEqual([])
  })

  test('everything the provider received has exactly one entry, and what was cut is marked', () => {
    const answered = new Set(figures.seen.filter(({ outcome }) => outcome === 'answered').map(({ model }) => model))
    const missing = arrivedModels().filter((model) => entries.get(model)?.length !== 1)
    expect(missing).toEqual([])
    const ends = new Set(
      arrivedModels()
        .filter((model) => !answered.has(model))
        .map((model) => entries.get(model)?.[0]?.end),
    )
    // Killed between its last journal record and the last byte, a request is complete although its caller never knew.
    for (const end of ends) expect(['COMPLETE', 'INTERRUPTED', 'CLIENT_LEFT', 'UPSTREAM_FAILED']).toContain(end)
    expect(ends.has('INTERRUPTED')).toBe(true)
  })

  test('the key, the session and the database still work, and SIGTERM ends with 0', async () => {
    const key = await world.admin.key(world.provider)
    const response = await key.post({ model: 'fake-gpt', messages: [{ role: 'user', content: 'still here' }] })
    expect(response.status).toBe(200)
    await response.arrayBuffer()
    expect(await world.product.kill('SIGTERM')).toBe(0)
  })
})
