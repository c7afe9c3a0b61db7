import { beforeEach, describe, expect, it } from 'vitest'
import { CREDENTIAL, plainAnswer, sendJson } from './test/provider.ts'
import { sendRaw } from './test/raw.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld({ maxBodyBytes: 5_000_000 })
const chat = JSON.stringify({ model: 'gpt-4', messages: [] })
const headers = { authorization: `Bearer ${world.key.text}`, 'content-type': 'application/json' }
const post = (more: Record<string, string> = {}, body: string = chat, signal: AbortSignal | null = null) =>
  fetch(world.url, { method: 'POST', headers: { ...headers, ...more }, body, signal })
const codeOf = async (res: Response) => [res.status, JSON.parse(await res.text()).error?.code]
const lastEntry = async () => (await world.entries()).at(-1)
const raw = (head: string, body = chat) =>
  `POST /work HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${world.key.text}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${head}\r\n${body}`

beforeEach(() => {
  world.provider.received.length = 0
  world.provider.answer = (_req, res) => sendJson(res, 200, plainAnswer)
})

describe('from the caller to the provider', () => {
  it('no cookie, credential, forwarding or hop-by-hop header crosses', async () => {
    await post({
      cookie: 'a=b',
      'proxy-authorization': 'x',
      'x-forwarded-host': 'evil',
      forwarded: 'host=evil',
      te: 'trailers',
      origin: 'http://evil',
      'x-custom': '1',
      'user-agent': 'mine',
      'openai-beta': 'assistants=v2',
    })
    const { req } = world.provider.received.at(-1) ?? {}
    expect(Object.keys(req?.headers ?? {}).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'accept-language',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'openai-beta',
      'user-agent',
    ])
    expect(req?.headers).toMatchObject({
      authorization: `Bearer ${CREDENTIAL}`,
      'user-agent': 'mine',
      'accept-encoding': 'identity',
      host: `127.0.0.1:${world.provider.port}`,
    })
    expect(req?.url).toBe('/v1/chat/completions')
  })

  it('a header that Connection nominates does not cross', async () => {
    const { status } = await sendRaw(world.port, raw('user-agent: mine\r\nconnection: close, user-agent\r\n'))
    expect(status).toBe(200)
    expect(world.provider.received.at(-1)?.req.headers['user-agent']).toBeUndefined()
  })

  it('the body crosses byte for byte, unknown members and long numbers included', async () => {
    const body = ' {"model":"gpt-4","messages":[],"seed":12345678901234567890,"x":1e400,"y":"\\u00e9\\/"}\n'
    await post({}, body)
    expect(world.provider.received.at(-1)?.body).toBe(body)
  })

  it('a body in chunks arrives with its length', async () => {
    const half = chat.length >> 1
    const chunks = [chat.slice(0, half), chat.slice(half)]
      .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
      .join('')
    const { status } = await sendRaw(
      world.port,
      `POST /work HTTP/1.1\r\nhost: x\r\nx-api-key: ${world.key.text}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n${chunks}0\r\nx-trailer: y\r\n\r\n`,
    )
    expect(status).toBe(200)
    expect(world.provider.received.at(-1)?.req.headers).toMatchObject({ 'content-length': String(chat.length) })
    expect(world.provider.received.at(-1)?.req.headers['x-trailer']).toBeUndefined()
  })

  it('a body that is said not to be encoded crosses, however that is written', async () => {
    expect((await post({ 'content-encoding': 'Identity' })).status).toBe(200)
    expect(world.provider.received.at(-1)?.req.headers['content-encoding']).toBeUndefined()
  })

  it('a body in UTF-8 crosses, however its character set is written', async () => {
    for (const set of ['; charset=utf-8', ';charset="UTF-8"; a=b', '; charset = utf8 '])
      expect([set, (await post({ 'content-type': `application/json${set}` })).status]).toEqual([set, 200])
  })

  it('targets in absolute form and with two slashes lead nowhere', async () => {
    for (const target of ['http://127.0.0.1:1/work', '//work', '//127.0.0.1:1/work', '*', '/work/../graphql']) {
      const { status } = await sendRaw(world.port, raw('connection: close\r\n').replace('POST /work', `POST ${target}`))
      expect([target, [400, 404].includes(status)]).toEqual([target, true])
    }
    expect(world.provider.received).toEqual([])
  })
})

describe('from the provider to the caller', () => {
  it('no cookie, server, CORS, location or hop-by-hop header crosses, and rate limits do', async () => {
    world.provider.answer = (_req, res) =>
      sendJson(res, 200, plainAnswer, {
        'set-cookie': 'a=b',
        server: 'x',
        'access-control-allow-origin': '*',
        'x-request-id': 'theirs',
        'x-powered-by': 'x',
        'strict-transport-security': 'x',
        'x-hop': '1',
        connection: 'keep-alive, x-hop',
        'x-ratelimit-remaining-requests': '9',
        'openai-version': 'v',
        'x-aic-source': 'forged',
        'x-content-type-options': 'nosniff',
      })
    const res = await post()
    for (const name of [
      'set-cookie',
      'server',
      'access-control-allow-origin',
      'x-powered-by',
      'strict-transport-security',
      'x-hop',
      'x-aic-source',
    ]) {
      expect([name, res.headers.get(name)]).toEqual([name, null])
    }
    expect(res.headers.get('x-ratelimit-remaining-requests')).toBe('9')
    expect(res.headers.get('openai-version')).toBe('v')
    expect(res.headers.get('x-request-id')).not.toBe('theirs')
    expect(res.headers.get('x-content-type-options')).toBe('nosniff')
    expect(Number(res.headers.get('x-aic-overhead-us'))).toBeGreaterThan(0)
  })

  it('no part of its rate limits crosses beside ours', async () => {
    const key = await world.mintKey()
    const limit = { target: 'KEY', keyId: key.id, metric: 'REQUESTS', period: 'TOTAL', amount: 5n } as const
    await world.change('Limit', key.id, (tx) => tx.limit.create({ data: limit }))
    const theirs = { 'x-ratelimit-limit-requests': '9', 'x-ratelimit-reset-requests': '1s' }
    world.provider.answer = (_req, res) =>
      sendJson(res, 200, plainAnswer, { ...theirs, 'x-ratelimit-reset-tokens': '2s' })
    const { headers: answered } = await post({ authorization: `Bearer ${key.text}` })
    expect(answered.get('x-ratelimit-limit-requests')).toBe('5')
    expect(answered.get('x-ratelimit-reset-requests')).toBe(null)
    expect(answered.get('x-ratelimit-reset-tokens')).toBe('2s')
  })

  it('an answer without content says no length, whatever the provider said', async () => {
    world.provider.answer = (_req, res) => res.writeHead(204, { 'content-length': 12 }).end()
    const res = await post({}, JSON.stringify({ model: 'gpt-4', stream: true }))
    expect([res.status, res.headers.get('content-length')]).toEqual([204, null])
  })

  it('an answer crosses byte for byte, even one that is no JSON', async () => {
    world.provider.answer = (_req, res) =>
      res.writeHead(200, { 'content-type': 'application/json' }).end('{"broken": tru')
    expect(await (await post()).text()).toBe('{"broken": tru')
    expect(await lastEntry()).toMatchObject({ end: 'COMPLETE', outputTokens: 0, tokensEstimated: true })
  })

  it('a long answer crosses as it comes, with its length and its usage', async () => {
    const long = {
      ...plainAnswer,
      object: 'list',
      data: [{ embedding: Array.from({ length: 100_000 }, (_, index) => index / 7) }],
      usage: { prompt_tokens: 8, total_tokens: 8 },
    }
    world.provider.answer = (_req, res) => sendJson(res, 200, long)
    const res = await post()
    expect(await res.json()).toEqual(long)
    expect(res.headers.get('content-length')).toBe(String(Buffer.byteLength(JSON.stringify(long))))
    expect(await lastEntry()).toMatchObject({
      end: 'COMPLETE',
      inputTokens: 8,
      outputTokens: 0,
      modelAnswered: 'gpt-4-0613',
    })
  })

  it('informational answers and trailers do not disturb', async () => {
    world.provider.answer = (_req, res) => {
      res.writeEarlyHints({ link: '</x>; rel=preload' })
      res.writeHead(200, { 'content-type': 'application/json', trailer: 'x-t' })
      res.write('{"a":')
      res.addTrailers({ 'x-t': '1' })
      res.end('1}')
    }
    expect(await (await post()).json()).toEqual({ a: 1 })
  })
})

describe('when the provider says no', () => {
  it('its 401 and 403 are our 502, because they are about our credential', async () => {
    for (const status of [401, 403]) {
      world.provider.answer = (_req, res) =>
        sendJson(res, status, { error: { message: `Incorrect API key provided: ${CREDENTIAL}` } })
      const res = await post()
      const text = await res.text()
      expect([res.status, JSON.parse(text).error.code]).toEqual([502, 'upstream_auth'])
      expect(text).not.toContain(CREDENTIAL)
      expect(await lastEntry()).toMatchObject({ end: 'UPSTREAM_FAILED', code: 'upstream_auth', status: 502 })
    }
  })

  it('its 429 passes with its source and its headers', async () => {
    world.provider.answer = (_req, res) =>
      sendJson(res, 429, { error: { message: 'slow down' } }, { 'retry-after': '7' })
    const res = await post()
    expect([res.status, res.headers.get('x-aic-source'), res.headers.get('retry-after')]).toEqual([
      429,
      'provider',
      '7',
    ])
    expect(await res.json()).toEqual({ error: { message: 'slow down' } })
    expect(await lastEntry()).toMatchObject({ status: 429, code: 'provider_error' })
  })

  it('its other errors pass', async () => {
    for (const status of [400, 404, 422, 500, 503]) {
      world.provider.answer = (_req, res) => sendJson(res, status, { error: { message: 'theirs' } })
      expect((await post()).status).toBe(status)
      expect(await lastEntry()).toMatchObject({
        status,
        code: 'provider_error',
        end: status < 500 ? 'COMPLETE' : 'UPSTREAM_FAILED',
      })
    }
  })

  it('a redirect is refused and not followed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      world.provider.answer = (_req, res) =>
        res.writeHead(status, { location: `${world.provider.url}/elsewhere` }).end()
      const res = await post()
      expect(res.headers.get('location')).toBe(null)
      expect(await codeOf(res)).toEqual([502, 'upstream_invalid_response'])
    }
    expect(world.provider.received.map(({ req }) => req.url)).not.toContain('/v1/elsewhere')
  })
})

it('the models of a key are listed without asking its provider', async () => {
  const res = await fetch(`${world.url}/v1/models`, { headers })
  expect(await res.json()).toMatchObject({ object: 'list', data: [{ id: 'gpt-4', object: 'model' }] })
  expect((await fetch(`${world.url}/models/gpt-4o-mini`, { headers })).status).toBe(200)
  expect(await codeOf(await fetch(`${world.url}/models/other`, { headers }))).toEqual([404, 'model_not_available'])
  expect(world.provider.received).toEqual([])
})
