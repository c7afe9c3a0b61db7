import OpenAI, { APIConnectionError, APIUserAbortError, AuthenticationError, RateLimitError } from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FakeProvider, startFakeProvider } from './fake-provider.ts'

let fake: FakeProvider
let client: OpenAI

beforeAll(async () => {
  fake = await startFakeProvider({ credential: 'sk-right' })
  client = new OpenAI({ baseURL: `${fake.url}/v1`, apiKey: 'sk-right', maxRetries: 0 })
})
afterAll(() => fake.close())
beforeEach(() => fake.ledger.clear())

const ask = (directive: string) => ({
  model: 'fake-gpt',
  messages: [{ role: 'user' as const, content: 'one two three' }],
  metadata: { fake: directive },
})

async function rawPost(directive: string, stream: boolean, path = '/v1/chat/completions'): Promise<string> {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-right' }
  const response = await fetch(fake.url + path, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...ask(directive), stream }),
  })
  return response.text()
}

describe('the fake provider, asked by the openai client', () => {
  test('answers a chat completion with one token per word', async () => {
    const answer = await client.chat.completions.create(ask('chunks=5 cached=2'))
    expect(answer.choices[0]?.message.content).toBe('word0 word1 word2 word3 word4 ')
    expect(answer.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 })
    expect(answer.usage?.prompt_tokens_details?.cached_tokens).toBe(2)
  })

  test('streams, and gives the usage only to a caller who asked for it', async () => {
    const read = async (include: boolean) => {
      const options = include ? { stream_options: { include_usage: true } } : {}
      const stream = await client.chat.completions.create({ ...ask('chunks=4'), ...options, stream: true })
      const chunks = []
      for await (const chunk of stream) chunks.push(chunk)
      return chunks
    }
    const without = await read(false)
    expect(without).toHaveLength(6)
    expect(without.every((chunk) => !('usage' in chunk))).toBe(true)
    const asked = await read(true)
    expect(asked).toHaveLength(7)
    expect(asked.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
    expect(asked.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } })
  })

  test('calls the offered tool, in one piece and in a stream', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } } }
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters } }]
    const answer = await client.chat.completions.create({ ...ask(''), tools })
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'tool_calls' })
    expect(answer.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'weather', arguments: '{"city":"Paris","days":1}' },
    })
    const runner = client.chat.completions.stream({ ...ask(''), tools })
    const final = await runner.finalChatCompletion()
    expect(final.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { arguments: '{"city":"Paris","days":1}' },
    })
  })

  test('answers embeddings, completions, responses and models', async () => {
    const vectors = await client.embeddings.create({ model: 'text-embedding-fake', input: ['a b', 'c'] })
    expect(vectors.data.map((row) => row.embedding.length)).toEqual([8, 8])
    expect(vectors.usage.prompt_tokens).toBe(3)
    const text = await client.completions.create({ model: 'fake-gpt', prompt: 'a b [[fake chunks=2]]' })
    expect(text.choices[0]?.text).toBe('word0 word1 ')
    const response = await client.responses.create({ model: 'fake-gpt', input: 'hello' })
    expect(response.output_text.startsWith('word0')).toBe(true)
    expect((await client.models.list()).data.map((model) => model.id)).toContain('gpt-4')
  })

  test('refuses a wrong credential and says 429 with Retry-After', async () => {
    const stranger = new OpenAI({ baseURL: `${fake.url}/v1`, apiKey: 'sk-wrong', maxRetries: 0 })
    await expect(stranger.models.list()).rejects.toBeInstanceOf(AuthenticationError)
    const limited = await client.chat.completions
      .create(ask('status=429 retry_after=7'))
      .catch((error: unknown) => error)
    expect(limited).toBeInstanceOf(RateLimitError)
    expect(limited instanceof RateLimitError && limited.headers.get('retry-after')).toBe('7')
  })

  test('notices that the caller left an endless stream, and what it had sent by then', async () => {
    const leave = new AbortController()
    const stream = await client.chat.completions.create(
      { ...ask('endless delay=1'), stream: true },
      { signal: leave.signal },
    )
    let seen = 0
    const reading = async () => {
      for await (const _ of stream) if (++seen === 20) leave.abort()
    }
    await reading().catch((error: unknown) => expect(error).toBeInstanceOf(APIUserAbortError))
    await expect.poll(() => fake.ledger.entries()[0]?.end).toBe('client_left')
    expect(fake.ledger.entries()[0]?.chunksSent).toBeGreaterThanOrEqual(20)
    expect(fake.ledger.counts()).toMatchObject({ requests: 1, open: 0, byEnd: { client_left: 1 } })
  })
})

describe('the fake provider, told to misbehave', () => {
  test('resets at the byte it was told', async () => {
    await expect(client.chat.completions.create(ask('reset=40'))).rejects.toThrow('terminated')
    expect(fake.ledger.entries()[0]).toMatchObject({ end: 'reset', bytesSent: 40, status: 200 })
    await expect(client.chat.completions.create(ask('socket=headers'))).rejects.toBeInstanceOf(APIConnectionError)
    expect(fake.ledger.entries()[1]).toMatchObject({ end: 'reset', bytesSent: 0, status: 0 })
  })

  test('breaks JSON, lengths and streams', async () => {
    const broken = await rawPost('json=broken', false)
    expect(() => JSON.parse(broken)).toThrow()
    await expect(rawPost('length=10', false)).rejects.toThrow()
    expect(await rawPost('eol=crlf bom chunks=1', true)).toMatch(/^\uFEFF?data: .*\r\n\r\ndata: /)
    expect(await rawPost('no_done', true)).not.toContain('[DONE]')
    expect(await rawPost('error_event=2 split=1', true)).toMatch(/"error":\{.*\n\n$/)
    expect(await rawPost('usage=missing', false)).not.toContain('"usage"')
    expect(await rawPost('usage=negative', false)).toContain('"prompt_tokens":-4')
  })

  test('keeps Anthropic’s form, with counts at the start and the end', async () => {
    const text = await rawPost('chunks=3', true, '/v1/messages')
    const kinds = [...text.matchAll(/^event: (\w+)$/gm)].map((match) => match[1])
    expect(kinds.at(0)).toBe('message_start')
    expect(kinds.at(-1)).toBe('message_stop')
    expect(text).toContain('"output_tokens":3')
    expect(await rawPost('', false, '/v1/messages/count_tokens')).toBe('{"input_tokens":3}')
    expect(await rawPost('status=429', false, '/v1/messages')).toContain('"type":"rate_limit_error"')
  })

  test('refuses a directive it does not know, so that a misspelt one cannot pass', async () => {
    expect(await rawPost('latncy=5', false)).toContain('unknown directive latncy')
  })

  test('shows its ledger over HTTP, with the headers as they came', async () => {
    await rawPost('rude trailers', false)
    const entries: unknown = await (await fetch(`${fake.url}/_ledger`)).json()
    expect(entries).toMatchObject([
      { method: 'POST', path: '/v1/chat/completions', model: 'fake-gpt', end: 'complete' },
    ])
    fake.script('/models', 'status=500')
    const models = () => fetch(`${fake.url}/v1/models`, { headers: { authorization: 'Bearer sk-right' } })
    expect((await models()).status).toBe(500)
    expect((await models()).status).toBe(200)
    await fetch(`${fake.url}/_ledger`, { method: 'DELETE' })
    expect(await (await fetch(`${fake.url}/_counts`)).json()).toMatchObject({ requests: 0, open: 0 })
  })
})
