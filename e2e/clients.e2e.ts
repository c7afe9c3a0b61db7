import { AuthenticationError } from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { anthropicClient, anthropicStock } from './clients/anthropic.ts'
import { langchainAgentStock, langchainStock } from './clients/langchain.ts'
import { type Access, collect, model, type Stock } from './clients/stock.ts'
import { vercelStocks } from './clients/vercel.ts'
import { openWorld, type World } from './product.ts'

const names = [
  '@anthropic-ai/sdk',
  'ai with @ai-sdk/openai',
  'ai with @ai-sdk/openai (chat)',
  'ai with @ai-sdk/openai-compatible',
  '@langchain/openai',
  'langchain',
] as const

let world: World
let stocks: ReadonlyMap<string, Stock>
let anthropic: Access
let openai: Access

beforeAll(async () => {
  world = await openWorld()
  const secretFor = async (wished: object) => {
    const provider = await world.admin.provider(world.fake, { ...wished, idleTimeoutMs: 1_000 })
    return (await world.admin.key(provider)).secret
  }
  const url = world.product.url
  const wished = { baseUrl: world.fake.url, wireFormat: 'ANTHROPIC', authType: 'X_API_KEY' }
  anthropic = { url, secret: await secretFor(wished) }
  openai = { url, secret: await secretFor({}) }
  const all = [anthropicStock(anthropic), ...vercelStocks(openai), langchainStock(openai), langchainAgentStock(openai)]
  stocks = new Map(all.map((stock) => [stock.name, stock]))
})
afterAll(() => world.close())
beforeEach(() => world.fake.ledger.clear())

function stockOf(name: string): Stock {
  const stock = stocks.get(name)
  if (stock === undefined) throw new Error(`no client is called ${name}`)
  return stock
}

const received = () => world.fake.ledger.entries()
const failureOf = (asked: Promise<unknown>) =>
  asked.then(
    () => new Error('it was answered'),
    (error: unknown) => error,
  )

describe.each(names)('the stock %s', (name) => {
  test('gets a whole answer, and the provider gets its own credential instead of the key', async () => {
    expect(await stockOf(name).chat('one two [[fake chunks=3]]')).toBe('word0 word1 word2 ')
    expect(received().map(({ path }) => path)).toEqual([`/v1${stockOf(name).path}`])
    const sent = received()[0]?.rawHeaders.join('\n') ?? ''
    expect(sent).toContain('sk-fake-credential')
    for (const { secret } of [openai, anthropic]) expect(sent).not.toContain(secret.slice(4, 30))
  })

  test('streams an answer, however its bytes are cut', async () => {
    const texts = await stockOf(name).stream('one [[fake chunks=5 split=7]]')
    expect(await collect(texts)).toBe('word0 word1 word2 word3 word4 ')
  })

  test('gets the tool call its model makes', async () => {
    const { tool } = stockOf(name)
    if (tool) expect(await tool('What is the weather?')).toEqual({ city: 'Paris' })
    else expect(stockOf(name).path).toBe('/responses')
  })

  test('embeds texts where it can', async () => {
    const vectors = (await stockOf(name).embed?.(['a b', 'c'])) ?? []
    expect(vectors.map((vector) => vector.length)).toEqual(stockOf(name).embed ? [8, 8] : [])
  })

  test.each([429, 500, 503])('asks again after %i until it is answered, each time at the provider', async (status) => {
    const { path, chat } = stockOf(name)
    world.fake.script(path, `status=${status} retry_after=0`, 2)
    expect(await chat('again [[fake chunks=1]]', { maxRetries: 2 })).toBe('word0 ')
    expect(received().map((entry) => entry.status)).toEqual([status, status, 200])
  })

  test.each([429, 500, 503])('that may not ask again says %i, and the provider was asked once', async (status) => {
    const error = await failureOf(stockOf(name).chat(`no [[fake status=${status}]]`, { maxRetries: 0 }))
    expect(stockOf(name).statusOf(error)).toBe(status)
    expect(received()).toHaveLength(1)
  })

  test('gets an error from a stream that breaks, not half an answer that looks whole', async () => {
    const texts = await stockOf(name).stream('one [[fake stall=5]]')
    expect(String(await failureOf(collect(texts)))).toContain('did not answer in time')
  })

  test('that aborts before the first byte frees the provider', async () => {
    const leave = new AbortController()
    const asked = failureOf(stockOf(name).chat('wait [[fake stall=headers]]', { signal: leave.signal }))
    await expect.poll(() => received().length).toBe(1)
    const left = Date.now()
    leave.abort()
    expect(await asked).toBeInstanceOf(Error)
    await expectFreed(left)
  })

  test('that aborts in the middle of a stream frees the provider', async () => {
    const leave = new AbortController()
    const texts = await stockOf(name).stream('on [[fake endless delay=5]]', { signal: leave.signal })
    let left = 0
    let seen = 0
    const reading = async (): Promise<void> => {
      for await (const text of texts) {
        if (text !== '') seen += 1
        if (seen !== 5 || left > 0) continue
        left = Date.now()
        leave.abort()
      }
    }
    // Some clients throw when they are aborted, others end: both have stopped.
    await reading().catch(() => undefined)
    expect(seen).toBeGreaterThanOrEqual(5)
    await expectFreed(left)
    expect(received()).toHaveLength(1)
  })
})

/** The gateway has 100 ms to end it at the provider; the rest is for the clients and their clocks. */
async function expectFreed(left: number): Promise<void> {
  await expect.poll(() => received()[0]?.end, { interval: 5 }).toBe('client_left')
  expect((received()[0]?.endedAt ?? Number.POSITIVE_INFINITY) - left).toBeLessThan(250)
}

describe('the stock @anthropic-ai/sdk', () => {
  test('counts tokens and gets the usage of a stream as Anthropic sends it', async () => {
    const client = anthropicClient(anthropic)
    const messages = [{ role: 'user' as const, content: 'one two three' }]
    expect(await client.messages.countTokens({ model, messages })).toMatchObject({ input_tokens: 3 })
    const message = await client.messages.stream({ model, max_tokens: 64, messages }).finalMessage()
    expect(message.usage).toMatchObject({ input_tokens: 3, output_tokens: 8 })
    expect(message.stop_reason).toBe('end_turn')
  })

  test('gets its own error class for a wrong key, and does not ask again', async () => {
    const client = anthropicClient({ ...anthropic, secret: `aic_${'x'.repeat(50)}` })
    const error = await failureOf(client.messages.countTokens({ model, messages: [] }))
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(received()).toHaveLength(0)
  })
})

describe('what each client asked for', () => {
  test('is one usage entry with its tokens', async () => {
    const from = new Date().toISOString()
    for (const name of names) await stockOf(name).chat('one two three')
    const tokens = async () => (await world.admin.usageEntries({ from })).map(({ inputTokens }) => inputTokens)
    await expect.poll(tokens, { timeout: 10_000 }).toEqual(names.map(() => 3))
  })
})
