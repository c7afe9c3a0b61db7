import { cpSync, mkdtempSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { segmentPaths } from '../usage/journal-file.ts'
import { replay } from '../usage/store-entries.service.ts'
import { plainAnswer, sendJson } from './test/provider.ts'
import { until } from './test/raw.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld()
const limits = { tokens: crypto.randomUUID(), money: crypto.randomUUID() }
const SSE = { 'content-type': 'text/event-stream' }
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
const part = (content: string) =>
  event({ model: 'gpt-4-0613', choices: [{ index: 0, delta: { content } }], usage: null })

beforeAll(async () => {
  await world.change('Limit', limits.tokens, async (tx) => {
    for (const [id, metric, amount] of [
      [limits.tokens, 'TOKENS', 1_000_000n],
      [limits.money, 'MONEY', 1_000_000n],
    ] as const) {
      await tx.limit.create({ data: { id, target: 'EVERYTHING', metric, period: 'TOTAL', amount } })
    }
  })
  await world.change('Price', crypto.randomUUID(), (tx) =>
    tx.price.create({
      data: {
        providerId: world.providerId,
        modelPattern: 'gpt-4',
        effectiveFrom: new Date(0),
        inputMicros: 2_000_000n,
        outputMicros: 10_000_000n,
      },
    }),
  )
})

// Eight bytes of words: two tokens.
const body = (more: object) =>
  JSON.stringify({ model: 'gpt-4', max_tokens: 100, messages: [{ content: '12345678' }], ...more })
const post = (more: object = {}, signal: AbortSignal | null = null) =>
  fetch(world.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.key.text}`, 'content-type': 'application/json' },
    body: body(more),
    signal,
  })

const arrives = (answer: (res: ServerResponse) => void) => {
  const arrived = Promise.withResolvers<ServerResponse>()
  world.provider.answer = (_req, res) => {
    answer(res)
    arrived.resolve(res)
  }
  return arrived.promise
}
const begins = (...parts: readonly string[]) =>
  arrives((res) => {
    res.writeHead(200, SSE)
    for (const text of parts) res.write(text)
  })

async function reads(res: Response, text: string) {
  const reader = res.body?.pipeThrough(new TextDecoderStream()).getReader()
  for (let all = ''; reader && !all.includes(text); ) all += (await reader.read()).value
}

async function ended(count: number) {
  await until(async () => (await world.entries()).length === count)
  return (await world.entries()).at(-1)
}

/** What the entries, the sums and the budgets say; all of them must say the same. */
async function sums() {
  const { rows } = await world.db.pool.query(
    `SELECT
      (SELECT sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0))::int FROM usage_entries) AS entries,
      (SELECT sum(input_tokens + output_tokens)::int FROM usage_rollups) AS sums,
      (SELECT used::int FROM limit_windows WHERE limit_id = $1) AS budget,
      (SELECT sum(cost_micros)::int FROM usage_entries) AS "entriesCost",
      (SELECT sum(cost_micros)::int FROM usage_days) AS "sumsCost",
      (SELECT used::int FROM limit_windows WHERE limit_id = $2) AS "budgetCost",
      (SELECT sum(reserved)::int FROM limit_leases WHERE limit_id = ANY(ARRAY[$1, $2]::uuid[])) AS reserved`,
    [limits.tokens, limits.money],
  )
  return rows[0]
}

describe('what a provider did not say is estimated, charged and marked', () => {
  it('when the caller left in the middle of a stream', async () => {
    begins(part('Hel'), part('lo, this is it'))
    const leaving = new AbortController()
    const res = await post({ stream: true }, leaving.signal)
    await reads(res, 'is it')
    leaving.abort()
    expect(await ended(1)).toMatchObject({
      end: 'CLIENT_LEFT',
      inputTokens: 2,
      outputTokens: 1 + 4,
      tokensEstimated: true,
      costMicros: 2n * 2n + 5n * 10n,
    })
  })

  it('when the provider broke off', async () => {
    begins(part('Hello')).then((res) => setTimeout(() => res.destroy(), 20))
    await (await post({ stream: true })).text()
    expect(await ended(2)).toMatchObject({
      end: 'UPSTREAM_FAILED',
      inputTokens: 2,
      outputTokens: 2,
      tokensEstimated: true,
    })
  })

  it('when the caller left before the answer: the prompt', async () => {
    const arrived = arrives(() => undefined)
    const leaving = new AbortController()
    const asked = post({}, leaving.signal).catch(() => null)
    await arrived
    leaving.abort()
    await asked
    expect(await ended(3)).toMatchObject({ end: 'CLIENT_LEFT', inputTokens: 2, outputTokens: 0, tokensEstimated: true })
  })

  it('when a whole answer says nothing of its usage', async () => {
    world.provider.answer = (_req, res) => sendJson(res, 200, { ...plainAnswer, usage: undefined })
    await (await post()).text()
    expect(await ended(4)).toMatchObject({ end: 'COMPLETE', inputTokens: 2, outputTokens: 2, tokensEstimated: true })
  })

  it('and not when it did say, before or after the caller left', async () => {
    world.provider.answer = (_req, res) => sendJson(res, 200, plainAnswer)
    await (await post()).text()
    expect(await ended(5)).toMatchObject({ inputTokens: 9, outputTokens: 12, tokensEstimated: false })
    const usage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 }
    begins(part('a very long word'), event({ choices: [], usage }))
    const leaving = new AbortController()
    const res = await post({ stream: true, stream_options: { include_usage: true } }, leaving.signal)
    await reads(res, 'total_tokens')
    leaving.abort()
    expect(await ended(6)).toMatchObject({
      end: 'CLIENT_LEFT',
      inputTokens: 9,
      outputTokens: 1,
      tokensEstimated: false,
    })
  })

  it('and an error costs nothing', async () => {
    world.provider.answer = (_req, res) => sendJson(res, 500, { error: { message: 'no' } })
    await (await post()).text()
    const nothing = { inputTokens: null, outputTokens: null, costMicros: null, tokensEstimated: false }
    expect(await ended(7)).toMatchObject(nothing)
    begins(event({ error: { message: 'overloaded' } })).then((res) => res.end())
    await (await post({ stream: true })).text()
    expect(await ended(8)).toMatchObject(nothing)
  })

  it('and entries, sums and budgets agree, and nothing stays reserved', async () => {
    await until(async () => (await sums()).reserved === 0)
    const found = await sums()
    expect(found.entries).toBe(2 + 5 + 2 + 2 + 2 + 2 + 2 + 9 + 12 + 9 + 1)
    expect([found.sums, found.budget]).toEqual([found.entries, found.entries])
    expect(found.entriesCost).toBeGreaterThan(0)
    expect([found.sumsCost, found.budgetCost]).toEqual([found.entriesCost, found.entriesCost])
  })

  it('and a process that dies leaves the charge of the prompt', async () => {
    const before = await sums()
    const arrived = arrives(() => undefined)
    const leaving = new AbortController()
    const asked = post({}, leaving.signal).catch(() => null)
    await arrived
    // What a crash leaves is the journal as it is now; the process itself goes on here, so the entry comes only once.
    const { dataDir } = world.parts.config
    const left = mkdtempSync(join(dataDir, 'left-'))
    cpSync(join(dataDir, 'journal'), left, { recursive: true })
    await replay(world.parts, segmentPaths(left))
    leaving.abort()
    await asked
    expect((await world.entries()).at(-1)).toMatchObject({
      end: 'INTERRUPTED',
      inputTokens: 2,
      outputTokens: 0,
      costMicros: 4n,
      tokensEstimated: true,
    })
    const after = await sums()
    expect([after.entries - before.entries, after.budget - before.budget]).toEqual([2, 2])
    expect([after.entriesCost - before.entriesCost, after.budgetCost - before.budgetCost]).toEqual([4, 4])
  })
})
