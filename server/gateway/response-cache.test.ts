import { beforeEach, describe, expect, test } from 'vitest'
import type { Prisma } from '../generated/prisma/client.ts'
import { ResponseCache } from './response-cache.ts'
import { sendJson } from './test/provider.ts'
import { EVERYTHING, startWorld, type TestKey } from './test/world.ts'

const world = await startWorld()
const hello = { model: 'gpt-4', messages: [{ role: 'user', content: 'Hello' }] }
let answered = 0

beforeEach(() => {
  world.provider.received.length = 0
  world.provider.answer = (_req, res) => {
    answered += 1
    const usage = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 }
    sendJson(res, 200, { id: `answer-${answered}`, model: 'gpt-4-0613', usage }, { 'x-ratelimit-limit-requests': '60' })
  }
})

async function ask(key: TestKey, body: unknown = hello, path = '') {
  const headers = { authorization: `Bearer ${key.text}`, 'content-type': 'application/json' }
  const answer = await fetch(world.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  return {
    status: answer.status,
    cache: answer.headers.get('x-aic-cache'),
    id: answer.headers.get('x-request-id'),
    headers: answer.headers,
    text: await answer.text(),
  }
}

async function cachingKey(cacheSeconds: number | null = 60): Promise<TestKey> {
  const key = await world.mintKey()
  await setKey(key, { cacheSeconds })
  return key
}

const setKey = (key: TestKey, data: Prisma.ApiKeyUpdateInput) =>
  world.change('ApiKey', key.id, (tx) =>
    tx.apiKey.update({ where: { id: key.id }, data: { ...data, version: { increment: 1 } } }),
  )

const setRule = (data: Prisma.RuleUpdateInput) =>
  world.change('Rule', EVERYTHING, (tx) =>
    tx.rule.update({ where: { id: EVERYTHING }, data: { ...data, version: { increment: 1 } } }),
  )

test('nothing is kept unless somebody asked for it', async () => {
  const key = await cachingKey(null)
  const [first, second] = [await ask(key), await ask(key)]
  expect([first.cache, second.cache]).toEqual([null, null])
  expect(second.text).not.toBe(first.text)
})

test('the same body is answered again without the provider, and costs nothing but says what it saved', async () => {
  const key = await cachingKey()
  const [first, second] = [await ask(key), await ask(key)]
  expect([first.cache, second.cache]).toEqual(['miss', 'hit'])
  expect(second.text).toBe(first.text)
  expect(second.id).not.toBe(first.id)
  expect(second.headers.get('x-ratelimit-limit-requests')).toBeNull()
  expect(Number(second.headers.get('x-aic-overhead-us'))).toBeGreaterThan(0)
  expect(world.provider.received).toHaveLength(1)
  const entries = (await world.entries()).filter(({ keyId }) => keyId === key.id)
  expect(entries).toMatchObject([
    { id: first.id, inputTokens: 9, outputTokens: 12, savedTokens: null, end: 'COMPLETE' },
    { id: second.id, inputTokens: 0, outputTokens: 0, savedTokens: 21, end: 'COMPLETE', modelAnswered: 'gpt-4-0613' },
  ])
  expect(entries[1]?.costMicros).toBe(0n)
})

test('a stream is given again byte for byte', async () => {
  const key = await cachingKey()
  const events = ['a', 'b', 'c'].map(
    (content) => `data: {"choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`,
  )
  world.provider.answer = (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of events) res.write(event)
    res.end('data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":3}}\n\ndata: [DONE]\n\n')
  }
  const body = { ...hello, stream: true }
  const [first, second] = [await ask(key, body), await ask(key, body)]
  expect([first.cache, second.cache]).toEqual(['miss', 'hit'])
  expect(second.text).toBe(`${events.join('')}data: [DONE]\n\n`)
  expect(second.headers.get('content-type')).toBe('text/event-stream')
})

describe('it is asked anew', () => {
  test.each([
    ['for another body', { ...hello, temperature: 0.5 }, ''],
    ['for the same body with other bytes', { messages: hello.messages, model: 'gpt-4' }, ''],
    ['at another endpoint', hello, '/completions'],
  ])('%s', async (_, body, path) => {
    const key = await cachingKey()
    await ask(key)
    expect((await ask(key, body, path)).cache).toBe('miss')
  })

  test('by another owner, unless a rule shares it', async () => {
    const [one, other] = [await cachingKey(), await cachingKey()]
    const kept = await ask(one)
    expect((await ask(other)).text).not.toBe(kept.text)
    await setRule({ cacheSeconds: 60, cacheShared: true })
    try {
      const shared = await ask(await cachingKey(null))
      expect(shared.cache).toBe('miss')
      const again = await ask(await cachingKey(null))
      expect([again.cache, again.text]).toEqual(['hit', shared.text])
    } finally {
      await setRule({ cacheSeconds: null, cacheShared: false })
    }
  })

  test('when the time is over, also where it was shortened afterwards', async () => {
    const key = await cachingKey(60)
    await ask(key)
    await setKey(key, { cacheSeconds: 1 })
    await expect.poll(async () => (await ask(key)).cache, { timeout: 3_000, interval: 300 }).toBe('miss')
  })

  test('after an answer that was no success', async () => {
    const key = await cachingKey()
    world.provider.answer = (_req, res) => sendJson(res, 500, { error: { message: 'no' } })
    expect((await ask(key)).status).toBe(500)
    expect((await ask(key)).cache).toBe('miss')
  })

  test('after a purge, for the owner who was meant', async () => {
    const [one, other] = [await cachingKey(), await cachingKey()]
    await ask(one)
    await ask(other)
    await world.change('ResponseCache', one.ownerId, async () => undefined)
    expect([(await ask(one)).cache, (await ask(other)).cache]).toEqual(['miss', 'hit'])
  })
})

test('a key that may no longer is refused, whatever is kept', async () => {
  const key = await cachingKey()
  await ask(key)
  await setKey(key, { models: ['another-model'] })
  expect((await ask(key)).status).toBe(403)
  await setKey(key, { models: [], expiresAt: new Date(Date.now() - 1_000) })
  expect((await ask(key)).status).toBe(401)
})

test('it never holds more than it may', () => {
  const cache = new ResponseCache(100_000)
  const place = (at: number) => ({ name: `answer-${at}`, ownerId: 'somebody', seconds: 60 })
  const answer = { ownerId: 'somebody', headers: [], model: null, tokens: 0, keptAt: performance.now() }
  for (let at = 0; at < 50; at++) cache.keep(place(at), { ...answer, body: Buffer.alloc(8_000) })
  const kept = Array.from({ length: 50 }, (_, at) => cache.find(place(at))).filter((one) => one !== null)
  expect(kept.length).toBeGreaterThan(0)
  expect(kept.length * 8_000).toBeLessThanOrEqual(100_000)
  expect(new ResponseCache(0).takes(1)).toBe(false)
})
