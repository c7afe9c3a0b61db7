import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDb } from '../server/test/database.ts'
import { type FakeProvider, startFakeProvider } from './fake-provider.ts'
import { type Product, startProduct } from './product/process.ts'
import { type Admin, type Key, type ProviderHandle, setUp } from './product/world.ts'

const db = await testDb()
const credential = 'sk-fake-credential'

let fake: FakeProvider
let nodes: readonly [Product, Product, Product]
let admin: Admin
let provider: ProviderHandle

beforeAll(async () => {
  fake = await startFakeProvider({ credential })
  const env = { DATABASE_URL: db.url, AIC_MASTER_KEY: randomBytes(32).toString('base64'), AIC_LOG_LEVEL: 'warn' }
  const first = await startProduct({ env })
  admin = await setUp(first)
  nodes = [first, await startProduct({ env }), await startProduct({ env })]
  provider = await admin.provider(fake)
})
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()))
  await fake.close()
})

type Answer = { readonly status: number; readonly code: string | null; readonly headers: Headers }

async function ask(node: Product, key: Key, model: string, directive = 'chunks=5', more: object = {}): Promise<Answer> {
  const body = { model, messages: [{ role: 'user', content: 'a b c' }], metadata: { fake: directive }, ...more }
  const response = await fetch(`${node.url}/work`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as { error?: { code: string } }
  return { status: response.status, code: answer.error?.code ?? null, headers: response.headers }
}

const arrived = (model: string) => fake.ledger.entries().filter((entry) => entry.model === model).length

async function limit(input: object): Promise<string> {
  const { limit: made } = await admin.api.mutate<{ limit: { id: string } }>('createLimit', input, 'limit { id }')
  return made.id
}

const meterDocument = 'query Meter($id: ID!) { limit(id: $id) { used reserved remaining } }'

async function meter(id: string) {
  const { limit: found } = await admin.api.query<{ limit: { used: string; reserved: string; remaining: string } }>(
    meterDocument,
    { id },
  )
  return found
}

test('a key that was expired is refused by every node as soon as that has answered', async () => {
  for (let round = 0; round < 10; round++) {
    const key = await admin.key(provider)
    const everywhere = async () =>
      (await Promise.all(nodes.map((node) => ask(node, key, 'fake-gpt')))).map(({ status }) => status)
    expect(await everywhere()).toEqual([200, 200, 200])
    await key.expire()
    expect(await everywhere()).toEqual([401, 401, 401])
  }
})

const counts = (answers: readonly Answer[]) => {
  const byCode = new Map<string, number>()
  for (const { status, code } of answers) byCode.set(`${status} ${code}`, (byCode.get(`${status} ${code}`) ?? 0) + 1)
  return Object.fromEntries(byCode)
}

test.each([1, 3])(
  '200 requests at once against a budget with room for 7 on %i node(s): 7 reach the provider',
  async (count) => {
    const key = await admin.key(provider)
    const model = `fake-requests-${count}`
    const id = await limit({ target: 'KEY', keyId: key.id, metric: 'REQUESTS', period: 'TOTAL', amount: '7' })
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => ask(nodes[at % count] ?? expect.unreachable(), key, model)),
    )
    process.stdout.write(`${count} node(s), requests: ${JSON.stringify(counts(answers))}\n`)
    expect(arrived(model)).toBe(7)
    expect(counts(answers)).toEqual({ '200 null': 7, '429 insufficient_quota': 193 })
    await expect.poll(() => meter(id), { timeout: 5_000 }).toEqual({ used: '7', reserved: '0', remaining: '0' })
  },
)

test.each([1, 3])('200 at once against a budget of tokens with room for 7 on %i node(s)', async (count) => {
  const key = await admin.key(provider)
  const model = `fake-tokens-${count}`
  // Each takes 3 tokens asked and 100 answered.
  const id = await limit({ target: 'KEY', keyId: key.id, metric: 'TOKENS', period: 'MONTH', amount: '725' })
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, at) =>
      ask(nodes[at % count] ?? expect.unreachable(), key, model, 'chunks=100 latency=100', { max_tokens: 100 }),
    ),
  )
  process.stdout.write(`${count} node(s), tokens: ${JSON.stringify(counts(answers))}\n`)
  expect(arrived(model)).toBe(7)
  await expect.poll(() => meter(id), { timeout: 5_000 }).toEqual({ used: '721', reserved: '0', remaining: '4' })
})

test('100 per minute at three times the load on three nodes: between 100 and 105 pass', async () => {
  const key = await admin.key(provider)
  const model = 'fake-rate'
  await limit({ target: 'KEY', keyId: key.id, metric: 'REQUESTS', period: 'MINUTE', amount: '100' })
  const answers: Promise<Answer>[] = []
  for (let sent = 0; sent < 300; sent += 1) {
    answers.push(ask(nodes[sent % 3] ?? expect.unreachable(), key, model))
    await wait(150)
  }
  const all = await Promise.all(answers)
  process.stdout.write(`rate: ${JSON.stringify(counts(all))}\n`)
  expect(arrived(model)).toBeGreaterThanOrEqual(100)
  expect(arrived(model)).toBeLessThanOrEqual(105)
  const refused = all.find(({ status }) => status === 429) ?? expect.unreachable()
  expect(refused.code).toBe('rate_limit_exceeded')
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refused.headers.get('x-ratelimit-limit-requests')).toBe('100')
  expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0')
  expect(refused.headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+m?s$/)
})

test('requests at once: 5 of 30 pass on three nodes, and 5 more when they are done', async () => {
  const key = await admin.key(provider)
  await limit({ target: 'KEY', keyId: key.id, metric: 'CONCURRENCY', amount: '5' })
  for (const model of ['fake-once-1', 'fake-once-2']) {
    const burst = Array.from({ length: 30 }, (_, at) =>
      ask(nodes[at % 3] ?? expect.unreachable(), key, model, 'latency=2000'),
    )
    expect(counts(await Promise.all(burst))).toEqual({ '200 null': 5, '429 concurrency_limit_exceeded': 25 })
  }
})

test('kill -9 in the middle: what was reserved and not used is free within 60 seconds', async () => {
  const key = await admin.key(provider)
  const [first, , third] = nodes
  await limit({ target: 'KEY', keyId: key.id, metric: 'TOKENS', period: 'DAY', amount: '725' })
  const lost = Array.from({ length: 7 }, () =>
    ask(third, key, 'fake-killed', 'stall=headers', { max_tokens: 100 }).catch(() => null),
  )
  await expect.poll(() => arrived('fake-killed'), { timeout: 5_000 }).toBe(7)
  expect((await ask(first, key, 'fake-after', 'chunks=100', { max_tokens: 100 })).code).toBe('insufficient_quota')
  await third.kill('SIGKILL')
  await Promise.all(lost)
  const killedAt = performance.now()
  while (performance.now() - killedAt < 60_000) {
    const { status } = await ask(first, key, 'fake-after', 'chunks=100', { max_tokens: 100 })
    if (status === 200) break
    await wait(500)
  }
  const freeAfterMs = Math.round(performance.now() - killedAt)
  process.stdout.write(`free again ${freeAfterMs} ms after kill -9\n`)
  expect(freeAfterMs).toBeLessThan(60_000)
  const rest = await Promise.all(
    Array.from({ length: 50 }, () => ask(first, key, 'fake-after', 'chunks=100 latency=100', { max_tokens: 100 })),
  )
  expect(rest.filter(({ status }) => status === 200)).toHaveLength(6)
  await third.start()
})

test('a request without a price does not pass a budget of money, and one with a price costs what it says', async () => {
  const key = await admin.key(provider)
  const [first] = nodes
  const id = await limit({ target: 'KEY', keyId: key.id, metric: 'MONEY', period: 'MONTH', amount: '1000' })
  const refused = await ask(first, key, 'fake-money')
  expect([refused.status, refused.code]).toEqual([429, 'insufficient_quota'])
  const price = { providerId: provider.id, modelPattern: 'fake-mon*', inputMicros: '1000000', outputMicros: '2000000' }
  await admin.api.mutate('createPrice', price, 'price { id }')
  expect((await ask(first, key, 'fake-money', 'chunks=100', { max_tokens: 100 })).status).toBe(200)
  await expect.poll(() => meter(id), { timeout: 5_000 }).toEqual({ used: '203', reserved: '0', remaining: '797' })
})
