import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { sendRaw, until } from './test/raw.ts'
import { CREDENTIAL, plainAnswer, sendJson, startWorld } from './test/world.ts'

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

/** A provider that is no HTTP server: what it does with a connection is up to the test. */
async function rawProvider(onData: (socket: Socket, sent: string) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => onData(socket, chunk.toString()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => server.close())
  const { port }: { port: number } = Object(server.address())
  const providerId = await world.addProvider({ baseUrl: `http://127.0.0.1:${port}/v1` })
  return (await world.mintKey({ providerId })).text
}

const withKey = (key: string) => post({ authorization: `Bearer ${key}` })

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
    expect(Number(res.headers.get('x-aic-overhead-us'))).toBeGreaterThan(0)
  })

  it('an answer crosses byte for byte, even one that is no JSON', async () => {
    world.provider.answer = (_req, res) =>
      res.writeHead(200, { 'content-type': 'application/json' }).end('{"broken": tru')
    expect(await (await post()).text()).toBe('{"broken": tru')
    expect(await lastEntry()).toMatchObject({ end: 'COMPLETE', inputTokens: null, outputTokens: null })
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

describe('when the provider breaks', () => {
  it('refusing the connection is upstream_unreachable', async () => {
    const providerId = await world.addProvider({ baseUrl: 'http://127.0.0.1:1/v1' })
    expect(await codeOf(await withKey((await world.mintKey({ providerId })).text))).toEqual([
      502,
      'upstream_unreachable',
    ])
  })

  it('an address that is not allowed is upstream_unreachable, and names nothing', async () => {
    const providerId = await world.addProvider({ baseUrl: 'http://169.254.169.254/v1' })
    const text = await (await withKey((await world.mintKey({ providerId })).text)).text()
    expect(JSON.parse(text).error.code).toBe('upstream_unreachable')
    expect(text).not.toContain('169.254')
  })

  it.each([
    ['no HTTP', 'hello\r\n\r\n', 'upstream_invalid_response'],
    [
      'an upgrade nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      'upstream_invalid_response',
    ],
    [
      'a body shorter than its length',
      'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a":1}',
      'upstream_invalid_response',
    ],
    [
      'two framings at once',
      'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      'upstream_invalid_response',
    ],
    ['endless headers', `HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(100)}`, 'upstream_invalid_response'],
    ['nothing', '', 'upstream_unreachable'],
  ])('%s is a 502', async (_name, answer, code) => {
    const key = await rawProvider((socket) => socket.end(answer))
    expect(await codeOf(await withKey(key))).toEqual([502, code])
    expect(await lastEntry()).toMatchObject({ end: 'UPSTREAM_FAILED', code, status: 502 })
  })

  it('bytes after its answer reach nobody', async () => {
    const answer = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'
    const key = await rawProvider((socket) =>
      socket.write(`${answer}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret`),
    )
    expect(await (await withKey(key)).text()).toBe('{}')
    expect(await (await withKey(key)).text()).toBe('{}')
  })

  it('a kept-alive connection that it has closed is replaced', async () => {
    let connections = 0
    const key = await rawProvider((socket) => {
      connections++
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
      socket.end()
    })
    for (let index = 0; index < 5; index++) expect((await withKey(key)).status).toBe(200)
    expect(connections).toBe(5)
  })

  it('no first byte in time is a 504, and its connection is closed', async () => {
    const providerId = await world.addProvider({ firstByteTimeoutMs: 200 })
    let closed = false
    world.provider.answer = (req) =>
      void req.socket.once('close', () => {
        closed = true
      })
    expect(await codeOf(await withKey((await world.mintKey({ providerId })).text))).toEqual([504, 'upstream_timeout'])
    await until(() => closed)
  })

  it('taking too long in total is a 504', async () => {
    const providerId = await world.addProvider({ totalTimeoutMs: 1_000 })
    world.provider.answer = () => undefined
    expect(await codeOf(await withKey((await world.mintKey({ providerId })).text))).toEqual([504, 'upstream_timeout'])
  })
})

describe('when the caller leaves', () => {
  it('while sending its body, no provider hears of it', async () => {
    const socket = connect(world.port, '127.0.0.1')
    socket.write(raw('').slice(0, -5))
    await until(() => world.gateway.running() === 1)
    socket.destroy()
    await until(() => world.gateway.running() === 0)
    expect(world.provider.received).toEqual([])
  })

  it('before the first byte, the provider is told within 100 ms', async () => {
    let closedAt = 0
    world.provider.answer = (req) =>
      void req.socket.once('close', () => {
        closedAt = performance.now()
      })
    const leaving = new AbortController()
    const asked = post({}, chat, leaving.signal).catch(() => null)
    await until(() => world.provider.received.length === 1)
    const leftAt = performance.now()
    leaving.abort()
    await asked
    await until(() => closedAt > 0)
    expect(closedAt - leftAt).toBeLessThan(100)
    await until(async () => (await lastEntry())?.end === 'CLIENT_LEFT')
    expect(await lastEntry()).toMatchObject({ status: 0, code: null })
    expect(world.gateway.running()).toBe(0)
  })
})

it('the models of a key are listed without asking its provider', async () => {
  const res = await fetch(`${world.url}/v1/models`, { headers })
  expect(await res.json()).toMatchObject({ object: 'list', data: [{ id: 'gpt-4', object: 'model' }] })
  expect((await fetch(`${world.url}/models/gpt-4o-mini`, { headers })).status).toBe(200)
  expect(await codeOf(await fetch(`${world.url}/models/other`, { headers }))).toEqual([404, 'model_not_available'])
  expect(world.provider.received).toEqual([])
})
