import { beforeEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { createRequestIds } from './request-id.ts'
import { sendJson } from './test/provider.ts'
import { sendRaw } from './test/raw.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld({ journalSync: 'always' })
const json = { 'content-type': 'application/json' }
const body = JSON.stringify({ model: 'gpt-4', messages: [], max_tokens: 5 })

const post = (path: string, key: string, more: Record<string, string> = {}) =>
  fetch(world.url + path, { method: 'POST', headers: { 'x-api-key': key, ...json, ...more }, body })
const received = () => world.provider.received.at(-1)?.req
const codeOf = async (res: Response) => [res.status, JSON.parse(await res.text()).error?.code]

beforeEach(() => {
  world.provider.received.length = 0
  world.provider.answer = (_req, res) => sendJson(res, 200, { usage: { input_tokens: 5, output_tokens: 6 } })
})

describe('an OpenAI provider', () => {
  it.each([
    '',
    '/',
    '/v1',
    '/v1/',
    '/chat/completions',
    '/v1/chat/completions',
    '/completions',
    '/embeddings',
    '/responses',
    '/v1/responses',
  ])('is asked on the path that belongs to /work%s', async (path) => {
    expect((await post(path, world.key.text)).status).toBe(200)
    expect(received()?.url).toBe(`/v1/${path.replace('/v1', '').slice(1) || 'chat/completions'}`)
    expect((await world.entries()).at(-1)).toMatchObject({ inputTokens: 5, outputTokens: 6, end: 'COMPLETE' })
  })
})

describe('a form with a file', () => {
  const ask = (path: string, key: string, model: string) => {
    const form = new FormData()
    form.append('file', new Blob([new Uint8Array(200_000).fill(7)]), 'speech.wav')
    form.append('model', model)
    return fetch(world.url + path, { method: 'POST', headers: { 'x-api-key': key }, body: form })
  }

  it.each(['/audio/transcriptions', '/v1/audio/translations', '/images/edits', '/images/variations'])(
    'passes to %s byte for byte, and its model is checked',
    async (path) => {
      expect((await ask(path, world.key.text, 'gpt-4')).status).toBe(200)
      expect(received()?.url).toBe(`/v1/${path.replace('/v1', '').slice(1)}`)
      const sent = world.provider.received.at(-1)
      const form = await new Response(sent?.body, {
        headers: { 'content-type': sent?.req.headers['content-type'] ?? '' },
      }).formData()
      expect(form.get('file')).toMatchObject({ name: 'speech.wav' })
      expect(form.get('model')).toBe('gpt-4')
      expect((await world.entries()).at(-1)).toMatchObject({ modelAsked: 'gpt-4', inputTokens: 5, end: 'COMPLETE' })
      expect(await codeOf(await ask(path, world.key.text, 'other'))).toEqual([404, 'model_not_available'])
    },
  )

  it('is refused as JSON where a form belongs, and as a form where JSON belongs', async () => {
    expect(await codeOf(await post('/audio/transcriptions', world.key.text))).toEqual([415, 'unsupported_media_type'])
    expect(await codeOf(await ask('', world.key.text, 'gpt-4'))).toEqual([415, 'unsupported_media_type'])
  })
})

describe('an Anthropic provider', () => {
  it('is asked for messages and token counts, with its version and its credential', async () => {
    const set = {
      wireFormat: 'ANTHROPIC',
      authType: 'X_API_KEY',
      baseUrl: world.provider.url.replace('/v1', ''),
    } as const
    const key = await world.mintKey({ providerId: await world.addProvider(set) })
    for (const path of ['/messages', '/v1/messages?beta=true', '/v1/messages/count_tokens']) {
      expect((await post(path, key.text, { 'anthropic-version': '2023-06-01' })).status).toBe(200)
      expect(received()?.url).toBe(`/v1${path.replace('/v1', '')}`)
      expect(received()?.headers).toMatchObject({ 'x-api-key': world.credential, 'anthropic-version': '2023-06-01' })
    }
    expect(await codeOf(await post('', key.text))).toEqual([404, 'not_found'])
    const list: unknown = await (await fetch(`${world.url}/v1/models`, { headers: { 'x-api-key': key.text } })).json()
    expect(list).toMatchObject({ data: [{ type: 'model', id: 'gpt-4' }], has_more: false })
  })
})

describe('an Azure provider', () => {
  it.each([
    ['', '/deployments/gpt-4/chat/completions'],
    ['/v1/embeddings', '/deployments/gpt-4/embeddings'],
    ['/responses?api-version=2020-01-01', '/responses'],
  ])('is asked for /work%s on the path of the deployment, with its own version', async (path, asked) => {
    const set = { wireFormat: 'AZURE', authType: 'API_KEY', apiVersion: '2024-10-21' } as const
    const key = await world.mintKey({ providerId: await world.addProvider(set) })
    expect((await post(path, key.text)).status).toBe(200)
    expect(received()?.url).toBe(`/v1/openai${asked}?api-version=2024-10-21`)
    expect(received()?.headers).toMatchObject({ 'api-key': world.credential })
  })

  it.each(['..', '../../admin', 'a/b?x=#'])('is never left by way of a model named %s', async (model) => {
    const set = { wireFormat: 'AZURE', apiVersion: '2024-10-21' } as const
    const key = await world.mintKey({ providerId: await world.addProvider({ ...set, enabledModels: ['*'] }) })
    const init = { method: 'POST', headers: { 'x-api-key': key.text, ...json }, body: JSON.stringify({ model }) }
    const answer = await fetch(world.url, init)
    if (model === '..') expect(await codeOf(answer)).toEqual([400, 'invalid_parameter'])
    else
      expect(received()?.url).toMatch(/^\/v1\/openai\/deployments\/[^/?#]+\/chat\/completions\?api-version=2024-10-21$/)
  })
})

describe('the credential', () => {
  it('goes in the header that the provider wants, and no caller can set that header', async () => {
    const set = { authType: 'HEADER', authHeader: 'user-agent' } as const
    const key = await world.mintKey({ providerId: await world.addProvider(set) })
    await post('', key.text, { 'user-agent': 'mine' })
    expect(received()?.headers['user-agent']).toBe(world.credential)
    const none = await world.mintKey({ providerId: await world.addProvider({ authType: 'NONE' }) })
    await post('', none.text)
    expect(received()?.headers).not.toHaveProperty('authorization')
    expect(received()?.headers).not.toHaveProperty('x-api-key')
  })

  it('that cannot be opened stops this provider only, with a 502', async () => {
    const sealedCredential = new Uint8Array(100).fill(1)
    const key = await world.mintKey({ providerId: await world.addProvider({ sealedCredential }) })
    expect(await codeOf(await post('', key.text))).toEqual([502, 'upstream_auth'])
    expect((await post('', world.key.text)).status).toBe(200)
    expect(world.provider.received.length).toBe(1)
  })
})

it('a caller who waits for 100 Continue is told to go on and answered', async () => {
  const head = `POST /work HTTP/1.1\r\nhost: x\r\nx-api-key: ${world.key.text}\r\ncontent-type: application/json\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`
  const { text } = await sendRaw(world.port, head + body)
  expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
})

it('a connection goes on after a refusal whose body was never read', async () => {
  const refused = `POST /work HTTP/1.1\r\nhost: x\r\nx-api-key: wrong\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  const good = refused.replace('wrong', world.key.text).replace('host: x', 'host: x\r\nconnection: close')
  const { text } = await sendRaw(world.port, refused + good)
  expect([...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status)).toEqual(['401', '200'])
})

it('request ids are version 7 UUIDs of their time, and no two are alike', () => {
  const now = Date.parse('2026-11-23T12:00:00.123Z')
  const newId = createRequestIds(systemRandom)
  const ids = Array.from({ length: 5_000 }, () => newId(now))
  expect(new Set(ids).size).toBe(5_000)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(Number.parseInt((ids[0] ?? '').replaceAll('-', '').slice(0, 12), 16)).toBe(now)
})
