import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { HTTP_ERRORS, type HttpError } from './lib/http-error.ts'
import { createLog } from './lib/log.ts'
import { systemRandom } from './lib/random.ts'

const consoleDir = mkdtempSync(join(tmpdir(), 'aic-console-'))
mkdirSync(join(consoleDir, 'assets'))
writeFileSync(join(consoleDir, 'index.html'), '<!doctype html><title>console</title>')
writeFileSync(join(consoleDir, 'assets/a-1.js'), 'export {}')

let notReady: HttpError | null = null
const parts = { config: readConfig({}), log: createLog('silent'), random: systemRandom }
const server: Server = createApp(parts, {
  work: (req, res) => {
    if (req.url === '/work/read') req.pipe(res)
    else res.end(`work ${req.url}`)
  },
  control: (req, res) => {
    if (req.url === '/graphql?bug') throw new Error('a bug with a secret in it')
    res.end(`graphql ${req.url}`)
  },
  notReady: () => notReady,
  draining: () => notReady !== null,
  consoleDir,
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const port = typeof address === 'object' && address !== null ? address.port : 0
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(consoleDir, { recursive: true })
})

type Answer = { status: number; headers: Record<string, unknown>; body: string }

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const req = request({ port, path, method, headers: { host: '127.0.0.1', ...headers } }).end()
  const [res] = await once(req, 'response')
  let body = ''
  for await (const chunk of res) body += chunk
  return { status: res.statusCode, headers: res.headers, body }
}

/** Sends bytes as they are and returns everything that comes back until the server closes. */
async function exchange(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('utf8').write(text)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return answer
}

function expectError({ status, headers, body }: Answer, expected: HttpError): void {
  expect(status).toBe(expected.status)
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-request-id': expect.any(String) })
  expect(headers['content-type']).toContain('application/json')
  const { type, code, message } = expected
  expect(JSON.parse(body)).toEqual({ error: { type, code, message, param: null } })
}

describe('the one handler', () => {
  test.each(['/work', '/work/chat/completions', '/work/v1/models?x=1'])('hands %s to the gateway', async (path) => {
    expect((await ask(path)).body).toBe(`work ${path}`)
  })

  test.each(['/workers', '/Work', '//work', '/x/../work'])('hands %s to nobody', async (path) => {
    expectError(await ask(path), HTTP_ERRORS.notFound)
  })

  test.each(['/v1/chat/completions', '/workers', '/admin/keys'])('knows nothing at %s but a page', async (path) => {
    for (const method of ['POST', 'PUT', 'OPTIONS']) expectError(await ask(path, {}, method), HTTP_ERRORS.notFound)
  })

  test('hands /graphql to the schema, with the headers of a page', async () => {
    const answer = await ask('/graphql', {}, 'POST')
    expect(answer.body).toBe('graphql /graphql')
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' })
  })

  test('serves the console: hashed files for ever, its page for every address a browser navigates to', async () => {
    expect((await ask('/assets/a-1.js')).headers['cache-control']).toContain('immutable')
    const page = await ask('/admin/keys', { accept: 'text/html' })
    expect(page.body).toContain('<title>console</title>')
    expect(page.headers).toMatchObject({ 'cache-control': 'no-cache', 'referrer-policy': 'no-referrer' })
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/)
    expectError(await ask('/admin/keys', { accept: 'application/json' }), HTTP_ERRORS.notFound)
    expectError(await ask('/assets/none.js', { accept: 'text/html' }), HTTP_ERRORS.notFound)
    expectError(await ask('/', {}, 'DELETE'), HTTP_ERRORS.getOnly)
  })

  test('is alive always and ready when it can keep its promises', async () => {
    expect((await ask('/readyz', { host: '10.0.0.1:9090' })).status).toBe(200)
    notReady = HTTP_ERRORS.draining
    expectError(await ask('/readyz'), HTTP_ERRORS.draining)
    const alive = await ask('/healthz')
    expect(alive.status).toBe(200)
    expect(alive.headers['connection']).toBe('close')
    notReady = null
  })
})

describe('a request no client library sends', () => {
  test('for another host name is misdirected', async () => {
    expectError(await ask('/work', { host: 'evil.example' }), HTTP_ERRORS.misdirected)
    expectError(await ask('/', { host: '127.0.0.1.evil.example' }), HTTP_ERRORS.misdirected)
    expect((await ask('/work', { host: 'localhost:5173' })).status).toBe(200)
  })

  test.each([
    ['without a host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'bad_request'],
    ['with two hosts', 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: x\r\nConnection: close\r\n\r\n', 400, 'bad_request'],
    [
      'for another server',
      'GET http://x/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      400,
      'bad_request',
    ],
    ['that is no HTTP', 'nonsense\r\n\r\n', 400, 'bad_request'],
    [
      'with two lengths',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'bad_request',
    ],
    [
      'with 40 kB of headers',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['that wants a tunnel', 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n', 404, 'not_found'],
    ['with an expectation', 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\n\r\n', 400, 'bad_request'],
  ])('%s is answered in the form of every error', async (_name, text, status, code) => {
    const [head = '', body = ''] = (await exchange(text)).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(head.toLowerCase()).toMatch(/x-request-id: [0-9a-f-]{36}/)
    expect(head.toLowerCase()).toContain('cache-control: no-store')
    expect(JSON.parse(body).error).toMatchObject({ type: 'invalid_request_error', code, param: null })
  })

  test('that asks before it sends a body is told to go on only when the body is wanted', async () => {
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n`
    expect(await exchange(`${head('/work')}\r\n`)).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*connection: close/i)
    const answer = await exchange(`${head('/work/read')}Connection: close\r\n\r\nbody`)
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n[\s\S]*body/)
  })

  test('whose headers never end is closed', async () => {
    const started = performance.now()
    const answer = await exchange('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
    expect(answer).toContain('"code":"request_timeout"')
    expect(performance.now() - started).toBeLessThan(13_000)
  })
})

test('a bug in a handler is an internal error that says nothing of it', async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/graphql?bug`)
  const text = await answer.text()
  expect([answer.status, JSON.parse(text).error.code]).toEqual([500, 'internal_error'])
  expect(text).not.toContain('secret')
})
