import OpenAI, {
  APIConnectionTimeoutError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
  toFile,
} from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWorld, type World } from './product.ts'

let world: World
let client: OpenAI

beforeAll(async () => {
  world = await openWorld()
  client = clientWith(world.key.secret)
})
afterAll(() => world.close())
beforeEach(() => world.fake.ledger.clear())

function clientWith(apiKey: string, options: { maxRetries?: number; timeout?: number } = {}): OpenAI {
  return new OpenAI({ baseURL: `${world.product.url}/work`, apiKey, maxRetries: 0, ...options })
}

const ask = (directive = '') => ({
  model: 'fake-gpt',
  messages: [{ role: 'user' as const, content: 'one two three' }],
  metadata: { fake: directive },
})

const weather = {
  type: 'function' as const,
  function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}

describe('the stock openai client with baseURL …/work', () => {
  test('completes a chat, and the provider gets its own credential instead of the key', async () => {
    const answer = await client.chat.completions.create(ask('chunks=3'))
    expect(answer.choices[0]?.message.content).toBe('word0 word1 word2 ')
    expect(answer.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 3 })
    const [received] = world.fake.ledger.entries()
    expect(received?.rawHeaders.join('\n')).toContain('Bearer sk-fake-credential')
    expect(received?.rawHeaders.join('\n')).not.toContain(world.key.secret.slice(4, 30))
  })

  test('streams, and the caller who did not ask for usage does not see the chunk that counts it', async () => {
    const stream = await client.chat.completions.create({ ...ask('chunks=6'), stream: true })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
      'word0 word1 word2 word3 word4 word5 ',
    )
    expect(chunks.every((chunk) => chunk.choices.length === 1)).toBe(true)
    expect(chunks.every((chunk) => !chunk.usage)).toBe(true)
    expect(world.fake.ledger.entries()[0]?.bodyHead).toContain('"include_usage":true')
  })

  test('streams with the usage for a caller who asked for it', async () => {
    const options = { stream: true as const, stream_options: { include_usage: true } }
    const stream = await client.chat.completions.create({ ...ask('chunks=4'), ...options })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } })
  })

  test('calls tools, in one piece, in a stream, and with the tool’s answer', async () => {
    const answer = await client.chat.completions.create({ ...ask(), tools: [weather] })
    const call = answer.choices[0]?.message.tool_calls?.[0]
    expect(call).toMatchObject({ type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } })
    const final = await client.chat.completions.stream({ ...ask(), tools: [weather] }).finalChatCompletion()
    expect(final.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { arguments: '{"city":"Paris"}' } })
    const followUp = await client.chat.completions.create({
      ...ask('chunks=2'),
      tools: [weather],
      messages: [
        { role: 'user', content: 'weather?' },
        { role: 'assistant', tool_calls: call ? [call] : [] },
        { role: 'tool', tool_call_id: call?.id ?? '', content: 'sunny' },
      ],
    })
    expect(followUp.choices[0]?.message.content).toBe('word0 word1 ')
  })

  test('transcribes a file and edits an image, sent as forms', async () => {
    const file = await toFile(Buffer.alloc(300_000, 7), 'speech.wav')
    const spoken = await client.audio.transcriptions.create({ file, model: 'fake-gpt' })
    expect(spoken.text).toMatch(/^word0 /)
    const image = await toFile(Buffer.alloc(1_000), 'cat.png', { type: 'image/png' })
    const edited = await client.images.edit({ image, model: 'fake-gpt', prompt: 'a hat' })
    expect(edited.data).toHaveLength(1)
    const paths = world.fake.ledger.entries().map(({ path, model }) => [path, model])
    expect(paths).toEqual([
      ['/v1/audio/transcriptions', 'fake-gpt'],
      ['/v1/images/edits', 'fake-gpt'],
    ])
  })

  test('embeds, lists models, completes text and uses responses, streamed too', async () => {
    const vectors = await client.embeddings.create({ model: 'text-embedding-fake', input: ['a b', 'c'] })
    expect(vectors.data.map((row) => row.embedding.length)).toEqual([8, 8])
    const models = []
    for await (const model of client.models.list()) models.push(model.id)
    expect(Array.isArray(models)).toBe(true)
    const text = await client.completions.create({ model: 'fake-gpt', prompt: 'a b [[fake chunks=2]]' })
    expect(text.choices[0]?.text).toBe('word0 word1 ')
    const response = await client.responses.create({ model: 'fake-gpt', input: 'hello' })
    expect(response.output_text).toMatch(/^word0 /)
    const kinds = []
    for await (const event of await client.responses.create({ model: 'fake-gpt', input: 'hello', stream: true }))
      kinds.push(event.type)
    expect(kinds.at(0)).toBe('response.created')
    expect(kinds.at(-1)).toBe('response.completed')
  })

  test('lists only the models its key may use', async () => {
    const narrow = await world.admin.provider(world.fake, { enabledModels: ['fake-gpt', 'gpt-4'] })
    const key = await world.admin.key(narrow)
    const page = await clientWith(key.secret).models.list()
    expect(page.data.map((model) => model.id).sort()).toEqual(['fake-gpt', 'gpt-4'])
    expect(page.data.every((model) => model.object === 'model')).toBe(true)
    const refused = clientWith(key.secret).chat.completions.create({ ...ask(), model: 'fake-gpt-mini' })
    await expect(refused).rejects.toMatchObject({ status: 404, code: 'model_not_available' })
  })

  test('works below /work/v1 as well', async () => {
    const versioned = new OpenAI({ baseURL: `${world.product.url}/work/v1`, apiKey: world.key.secret, maxRetries: 0 })
    const answer = await versioned.chat.completions.create(ask('chunks=1'))
    expect(answer.choices[0]?.message.content).toBe('word0 ')
  })
})

describe('the stock openai client’s error classes', () => {
  test('a wrong key is an AuthenticationError, an expired one says so', async () => {
    const wrong = clientWith(`aic_${'x'.repeat(50)}`).chat.completions.create(ask())
    await expect(wrong).rejects.toBeInstanceOf(AuthenticationError)
    const key = await world.admin.key(world.provider)
    await key.expire()
    const expired = await clientWith(key.secret)
      .chat.completions.create(ask())
      .catch((error: unknown) => error)
    expect(expired).toBeInstanceOf(AuthenticationError)
    expect(expired).toMatchObject({ status: 401, code: 'key_expired', type: 'authentication_error' })
    expect(world.fake.ledger.counts().requests).toBe(0)
  })

  test('a model that is not enabled is a NotFoundError', async () => {
    const missing = client.chat.completions.create({ ...ask(), model: 'other-model' })
    await expect(missing).rejects.toBeInstanceOf(NotFoundError)
    await expect(client.chat.completions.create({ ...ask(), model: 'other-model' })).rejects.toMatchObject({
      code: 'model_not_available',
    })
  })

  test('a forbidden member is a BadRequestError that names it', async () => {
    const body = { ...ask(), base_url: 'http://elsewhere' }
    const refused = await client.chat.completions.create(body).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BadRequestError)
    expect(refused).toMatchObject({ param: 'base_url', type: 'invalid_request_error' })
  })

  test('the provider’s 429 passes through with its words, marked as the provider’s', async () => {
    const limited = await client.chat.completions
      .create(ask('status=429 retry_after=7'))
      .catch((error: unknown) => error)
    expect(limited).toBeInstanceOf(RateLimitError)
    if (!(limited instanceof RateLimitError)) return
    expect(limited.headers.get('retry-after')).toBe('7')
    expect(limited.headers.get('x-aic-source')).toBe('provider')
    expect(limited.message).toContain('Rate limit reached for fake-gpt')
  })

  test('the provider’s 500 and a refused credential are InternalServerErrors, never a 401', async () => {
    await expect(client.chat.completions.create(ask('status=500'))).rejects.toBeInstanceOf(InternalServerError)
    const refused = client.chat.completions.create(ask('status=401'))
    await expect(refused).rejects.toMatchObject({ status: 502, code: 'upstream_auth' })
  })

  test('the client’s own retries reach the provider as many times as it says', async () => {
    const patient = clientWith(world.key.secret, { maxRetries: 2 })
    await expect(patient.chat.completions.create(ask('status=429 retry_after=0'))).rejects.toBeInstanceOf(
      RateLimitError,
    )
    expect(world.fake.ledger.counts().requests).toBe(3)
  })

  test('a client that aborts or times out frees the provider within 100 ms', async () => {
    const leave = new AbortController()
    const stream = await client.chat.completions.create(
      { ...ask('endless delay=2'), stream: true },
      { signal: leave.signal },
    )
    let left = 0
    const reading = async (): Promise<void> => {
      let seen = 0
      for await (const _ of stream) {
        seen += 1
        if (seen !== 10) continue
        left = Date.now()
        leave.abort()
      }
    }
    await reading().catch((error: unknown) => expect(error).toBeInstanceOf(APIUserAbortError))
    await expect.poll(() => world.fake.ledger.entries()[0]?.end).toBe('client_left')
    expect((world.fake.ledger.entries()[0]?.endedAt ?? Number.POSITIVE_INFINITY) - left).toBeLessThan(150)
    const hasty = clientWith(world.key.secret, { timeout: 300 })
    await expect(hasty.chat.completions.create(ask('stall=headers'))).rejects.toBeInstanceOf(APIConnectionTimeoutError)
    await expect.poll(() => world.fake.ledger.entries()[1]?.end).toBe('client_left')
  })
})
