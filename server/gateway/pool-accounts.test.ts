import { cpSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { segmentPaths } from '../usage/journal-file.ts'
import { replay } from '../usage/store-entries.service.ts'
import { says, startPools } from './test/pools.ts'
import { plainAnswer, sendJson } from './test/provider.ts'
import { until } from './test/raw.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld()
const { first, second, pair } = await startPools(world)
const members = [{}, { models: [{ from: 'gpt-4', to: 'gpt-4o' }] }]
const { key, pool, one, two } = await pair({ members })
const limits = { pool: crypto.randomUUID(), two: crypto.randomUUID(), one: crypto.randomUUID() }

beforeAll(async () => {
  await world.change('Limit', limits.pool, async (tx) => {
    const limit = { target: 'PROVIDER', metric: 'TOKENS', period: 'TOTAL' } as const
    await tx.limit.create({ data: { ...limit, id: limits.pool, providerId: pool, amount: 1_000_000n } })
    await tx.limit.create({ data: { ...limit, id: limits.two, providerId: two, amount: 1_000_000n } })
    await tx.limit.create({
      data: { ...limit, id: limits.one, providerId: one, metric: 'REQUESTS', amount: 2n },
    })
  })
  await world.change('Price', crypto.randomUUID(), async (tx) => {
    const price = { effectiveFrom: new Date(0), outputMicros: 0n }
    await tx.price.create({ data: { ...price, providerId: one, modelPattern: 'gpt-4', inputMicros: 1_000_000n } })
    await tx.price.create({ data: { ...price, providerId: two, modelPattern: 'gpt-4o', inputMicros: 50_000_000n } })
  })
})

// Eight bytes of words: two tokens.
const ask = (signal: AbortSignal | null = null) => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ model: 'gpt-4', max_tokens: 100, messages: [{ content: '12345678' }] })
  return fetch(world.url, { method: 'POST', headers, body, signal })
}
const lastEntry = async () => (await world.entries()).at(-1)
const usedOf = async (limitId: string) => {
  const { rows } = await world.db.pool.query<{ used: string }>(
    'SELECT coalesce(sum(used), 0) AS used FROM limit_windows WHERE limit_id = $1',
    [limitId],
  )
  return Number(rows[0]?.used)
}
const reserved = async () => {
  const { rows } = await world.db.pool.query<{ reserved: string }>('SELECT sum(reserved) AS reserved FROM limit_leases')
  return Number(rows[0]?.reserved)
}

it('the member that answered is charged: its price, its limit, and that of the pool', async () => {
  first.answer = says(503)
  expect((await ask()).status).toBe(200)
  // 9 tokens of the prompt at 50 millionths.
  expect(await lastEntry()).toMatchObject({ providerId: pool, answeredById: two, inputTokens: 9, costMicros: 450n })
  expect([await usedOf(limits.pool), await usedOf(limits.two), await usedOf(limits.one)]).toEqual([21, 21, 0])
})

it('a member whose limit is reached is passed over', async () => {
  await ask()
  await ask()
  expect(await lastEntry()).toMatchObject({ answeredById: one, costMicros: 9n })
  first.received.length = 0
  expect((await ask()).status).toBe(200)
  expect([first.received.length, (await lastEntry())?.answeredById]).toEqual([0, two])
  expect(await usedOf(limits.one)).toBe(2)
})

it('what was held of the members that did not answer is given back', async () => {
  await until(async () => (await reserved()) === 0)
  expect(await usedOf(limits.pool)).toBe(4 * 21)
})

it('a process that dies between two members leaves one entry, and one charge', async () => {
  const before = (await world.entries()).length
  const held: (() => void)[] = []
  second.answer = (_req, res) => held.push(() => sendJson(res, 200, plainAnswer))
  const leaving = new AbortController()
  const asked = ask(leaving.signal).catch(() => null)
  await until(() => held.length === 1)
  // What a crash leaves is the journal as it is now; the process itself goes on here, so the entry comes only once.
  const { dataDir } = world.parts.config
  const left = mkdtempSync(join(dataDir, 'left-'))
  cpSync(join(dataDir, 'journal'), left, { recursive: true })
  await replay(world.parts, segmentPaths(left))
  leaving.abort()
  await asked
  const entries = await world.entries()
  expect(entries.length - before).toBe(1)
  expect(entries.at(-1)).toMatchObject({ end: 'INTERRUPTED', answeredById: two, inputTokens: 2, costMicros: 100n })
  expect(await usedOf(limits.pool)).toBe(4 * 21 + 2)
})
