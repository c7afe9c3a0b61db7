import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { exchange, openWire } from './product/wire.ts'
import { openWorld, type World } from './product.ts'
import { expectRawRefusal } from './refusal.ts'

let world: World

beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())
beforeEach(() => world.fake.ledger.clear())

const body = JSON.stringify({ model: 'fake-gpt', messages: [{ role: 'user', content: 'hi' }] })
const host = () => `Host: 127.0.0.1:${world.product.port}`
const key = () => `Authorization: Bearer ${world.key.secret}`
const json = 'Content-Type: application/json'
const close = 'Connection: close'
const send = (text: string | Buffer, withinMs?: number) => exchange(world.product.port, text, withinMs)
const reached = () => world.fake.ledger.counts().requests

/** A request out of its lines; the length is the body's own unless the lines say otherwise. */
function request(lines: readonly string[], content = body, line = 'POST /work HTTP/1.1'): string {
  const framed = lines.some((text) => /^(content-length|transfer-encoding):/i.test(text))
  const length = framed ? [] : [`Content-Length: ${Buffer.byteLength(content)}`]
  return `${[line, ...lines, ...length].join('\r\n')}\r\n\r\n${content}`
}

describe('a request no client library would send', () => {
  test('the plain one is answered, so that the refusals below have one cause each', async () => {
    expect(await send(request([host(), key(), json, close]))).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('two Host headers', async () => {
    expectRawRefusal(await send(request([host(), 'Host: evil.example', key(), json, close])), 400, 'bad_request')
    expect(reached()).toBe(0)
  })

  test('two Authorization headers, also with the same key, and two kinds of credential', async () => {
    expectRawRefusal(await send(request([host(), key(), key(), json, close])), 400, 'bad_request')
    expectRawRefusal(await send(request([host(), 'Authorization: Bearer x', key(), json, close])), 400, 'bad_request')
    const other = `x-api-key: aic_${'z'.repeat(50)}`
    expectRawRefusal(await send(request([host(), key(), other, json, close])), 400, 'bad_request')
    expect(reached()).toBe(0)
  })

  test('an absolute-form target never chooses where the request goes', async () => {
    const line = `POST ${world.fake.url}/v1/chat/completions HTTP/1.1`
    const answer = await send(request([host(), key(), json, close], body, line))
    expectRawRefusal(answer, Number(answer.slice(9, 12)), ['bad_request', 'misdirected_request', 'not_found'])
    expect(reached()).toBe(0)
  })

  test.each([
    '//work',
    '/work/../graphql',
    '/work/%2e%2e/graphql',
    '/WORK',
    '/work%2fmodels',
    '/work/..;/models',
    '/work\\models',
  ])('the target %s is refused in the error form', async (target) => {
    const answer = await send(request([host(), key(), json, close], body, `POST ${target} HTTP/1.1`))
    const status = Number(answer.slice(9, 12))
    expect([400, 404, 405]).toContain(status)
    expectRawRefusal(answer, status, ['not_found', 'bad_request', 'method_not_allowed'])
    expect(reached()).toBe(0)
  })

  test('both lengths, two lengths, a signed length', async () => {
    const framings = [
      ['Transfer-Encoding: chunked', `Content-Length: ${body.length}`],
      [`Content-Length: ${body.length}`, `Content-Length: ${body.length + 1}`],
      ['Content-Length: +10'],
      ['Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: identity'],
    ]
    for (const framing of framings) {
      expectRawRefusal(await send(request([host(), key(), json, ...framing, close])), 400, 'bad_request')
    }
    expect(reached()).toBe(0)
  })

  test('a chunked body with a bad chunk', async () => {
    const lines = [host(), key(), json, 'Transfer-Encoding: chunked']
    const answer = await send(request(lines, `5\r\n{"mod\r\nzz\r\n`))
    expectRawRefusal(answer, 400, 'bad_request')
    expect(reached()).toBe(0)
  })

  test('bytes that are no UTF-8', async () => {
    const bad = Buffer.concat([
      Buffer.from('{"model":"fake-gpt","messages":["'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"]}'),
    ])
    const head = request([host(), key(), json, `Content-Length: ${bad.length}`, close], '')
    expectRawRefusal(await send(Buffer.concat([Buffer.from(head), bad])), 400, 'invalid_json')
    expect(reached()).toBe(0)
  })

  test('what is no HTTP at all', async () => {
    for (const text of [
      'GET / HTTP/9.9\r\n\r\n',
      '\u0016\u0003\u0001\u0002garbage\r\n\r\n',
      'BREW /work HTTP/1.1\r\n\r\n',
    ]) {
      expectRawRefusal(await send(text), 400, 'bad_request')
    }
  })

  test('control characters in a header', async () => {
    expectRawRefusal(await send(request([host(), key(), json, 'X-Bad: a\u0000b'])), 400, 'bad_request')
  })

  test('headers of 100 kB, or 3,000 of them', async () => {
    expectRawRefusal(
      await send(request([host(), key(), json, `X-Large: ${'x'.repeat(100_000)}`])),
      431,
      'headers_too_large',
    )
    const many = Array.from({ length: 3000 }, (_, index) => `x-h${index}: 1`)
    const answer = await send(request([host(), key(), json, close, ...many]))
    expect(answer).toMatch(/^HTTP\/1\.1 (431|400|200) /)
  })
})

describe('a slow or half request', () => {
  test.concurrent('headers that never end are 408 and the connection closes', async () => {
    const wire = await openWire(world.product.port)
    wire.write(`POST /work HTTP/1.1\r\n${host()}\r\nX-Slow: `)
    expectRawRefusal(await wire.closed(40_000), 408, 'request_timeout')
  })

  test.concurrent('a connection over which nothing was asked closes without a word', async () => {
    const wire = await openWire(world.product.port)
    expect(await wire.closed(40_000)).toBe('')
  })

  test.concurrent('a body that never ends is 408 and the connection closes', async () => {
    const wire = await openWire(world.product.port)
    wire.write(request([host(), key(), json, 'Content-Length: 1000'], '{"model":'))
    expectRawRefusal(await wire.closed(75_000), 408, 'request_timeout')
  })

  test.concurrent('the key is checked before the body is read', async () => {
    const wire = await openWire(world.product.port)
    wire.write(request([host(), 'Authorization: Bearer wrong', json, 'Content-Length: 1000000'], ''))
    await wire.until(/"code":"invalid_api_key"/, 2000)
    wire.socket.destroy()
  })

  test.concurrent('a body announced as too large is refused before it is sent', async () => {
    const wire = await openWire(world.product.port)
    wire.write(request([host(), key(), json, 'Content-Length: 99999999999'], ''))
    expectRawRefusal(await wire.closed(5000), 413, 'request_too_large')
  })

  test.concurrent('nobody is told to send a body that will not be read', async () => {
    const large = await openWire(world.product.port)
    large.write(request([host(), key(), json, 'Content-Length: 99999999999', 'Expect: 100-continue'], ''))
    expectRawRefusal(await large.until(/"code":/), 413, 'request_too_large')
    const stranger = await openWire(world.product.port)
    stranger.write(request([host(), 'Authorization: Bearer x', json, 'Content-Length: 9', 'Expect: 100-continue'], ''))
    expectRawRefusal(await stranger.until(/"code":/), 401, 'invalid_api_key')
    for (const wire of [large, stranger]) wire.socket.destroy()
  })

  test.concurrent('who asks first is told to send, and answered', async () => {
    const wire = await openWire(world.product.port)
    const length = `Content-Length: ${Buffer.byteLength(body)}`
    wire.write(request([host(), key(), json, length, 'Expect: 100-continue'], ''))
    await wire.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    wire.write(body)
    await wire.until(/HTTP\/1\.1 200 /)
    wire.socket.destroy()
  })

  test.concurrent('a chunked body is cut where it becomes too large', async () => {
    const wire = await openWire(world.product.port)
    wire.write(request([host(), key(), json, 'Transfer-Encoding: chunked'], ''))
    const mebibyte = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(1024 * 1024, 32), Buffer.from('\r\n')])
    for (let count = 0; count < 11; count += 1) wire.write(mebibyte)
    await wire.until(/"code":"request_too_large"/, 5000)
    wire.socket.destroy()
  })
})

describe('a connection that is kept', () => {
  test('answers pipelined requests in their order', async () => {
    const wire = await openWire(world.product.port)
    const one = (words: string) => request([host(), key(), json], body.replace('hi', words))
    wire.write(one('a b c') + one('[[fake status=429]]') + one('a'))
    const text = await wire.until(/(HTTP\/1\.1 \d+ [\s\S]*){3}"prompt_tokens":1\D/)
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(['200', '429', '200'])
    wire.socket.destroy()
  })

  test('is usable again after a refusal whose body was read', async () => {
    const wire = await openWire(world.product.port)
    wire.write(request([host(), key(), json], '{"model":'))
    await wire.until(/"code":"invalid_json"/)
    wire.write(request([host(), key(), json]))
    await wire.until(/HTTP\/1\.1 200 /)
    wire.socket.destroy()
  })

  test('never becomes another protocol', async () => {
    const upgrade = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: x', 'Sec-WebSocket-Version: 13']
    const wire = await openWire(world.product.port)
    wire.write(request([host(), key(), ...upgrade], '', 'GET /work/models HTTP/1.1'))
    const text = await wire.until(/^HTTP\/1\.1 \d+ /)
    expect(text).not.toMatch(/^HTTP\/1\.1 101/)
    wire.socket.destroy()
  })
})
