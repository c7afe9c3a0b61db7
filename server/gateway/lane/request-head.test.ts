import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRequestHead } from './request-head.ts'

const BODY = '{}'
const FIRST = 'POST /work/chat/completions HTTP/1.1'
const LINES = ['host: x', 'authorization: Bearer y', 'content-type: application/json', 'content-length: 2']

const read = (first: string, lines: readonly string[], between = '\r\n') =>
  readRequestHead(Buffer.from(`${[first, ...lines].join(between)}\r\n\r\n${BODY}`, 'latin1'))
const withLines = (...more: readonly string[]) => read(FIRST, [...LINES, ...more])
const without = (name: string) => LINES.filter((line) => !line.startsWith(name))

describe('a plain head', () => {
  it('is read as it was sent: names in lower case, values without the blanks around them', () => {
    const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z-]{0,12}$/).map((text) => `x-${text}`)
    const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/)
    const headers = fc.uniqueArray(fc.tuple(name, value), { maxLength: 8, selector: ([text]) => text.toLowerCase() })
    fc.assert(
      fc.property(headers, fc.constantFrom('', ' ', ' \t'), (more, blank) => {
        const head = withLines(...more.map(([key, text]) => `${key}:${blank === ' \t' ? ' ' : blank}${text}${blank}`))
        expect(head?.rawHeaders.slice(-2 * more.length || Number.POSITIVE_INFINITY)).toEqual(more.flat())
        for (const [key, text] of more) expect(head?.headers[key.toLowerCase()]).toBe(text)
        expect([head?.url, head?.host, head?.bodyBytes]).toEqual(['/work/chat/completions', 'x', 2])
      }),
    )
  })

  it('is none before all of it is there, wherever it is cut', () => {
    const bytes = Buffer.from(`${[FIRST, ...LINES].join('\r\n')}\r\n\r\n${BODY}`)
    const whole = bytes.length - BODY.length
    for (let end = 0; end < whole; end++) expect(readRequestHead(bytes.subarray(0, end))).toBeNull()
    for (let end = whole; end <= bytes.length; end++) expect(readRequestHead(bytes.subarray(0, end))?.end).toBe(whole)
  })
})

describe('node:http decides', () => {
  it.each<[string, ReturnType<typeof readRequestHead>]>([
    ['a length and a transfer coding', withLines('transfer-encoding: chunked')],
    ['a transfer coding alone', read(FIRST, [...without('content-length'), 'transfer-encoding: chunked'])],
    ['two lengths', withLines('content-length: 2')],
    ['two lengths in one', read(FIRST, [...without('content-length'), 'content-length: 2, 2'])],
    ['a length with a sign', read(FIRST, [...without('content-length'), 'content-length: +2'])],
    ['a length in hexadecimal', read(FIRST, [...without('content-length'), 'content-length: 0x2'])],
    ['no length', read(FIRST, without('content-length'))],
    ['no host', read(FIRST, without('host'))],
    ['two hosts', withLines('host: y')],
    ['a header that comes twice', withLines('AUTHORIZATION: Bearer z')],
    ['a header that is folded', withLines('x-a: b\r\n c')],
    ['a blank before a colon', withLines('x-a : b')],
    ['a name with a blank', withLines('x a: b')],
    ['a line without a colon', withLines('x-a')],
    ['a line without a name', withLines(': b')],
    ['a line break of one byte', withLines('x-a: b\nx-c: d')],
    ['a carriage return in a value', withLines('x-a: b\rc')],
    ['a null byte in a value', withLines('x-a: b\0c')],
    ['a value that is not ASCII', withLines('x-a: \xe9')],
    ['line breaks of one byte throughout', read(FIRST, LINES, '\n')],
    ['an absolute address', read('POST http://x/work HTTP/1.1', LINES)],
    ['two slashes', read('POST //work HTTP/1.1', LINES)],
    ['another path', read('POST /graphql HTTP/1.1', LINES)],
    ['a path that only begins so', read('POST /workers HTTP/1.1', LINES)],
    ['a path with a fragment', read('POST /work#x HTTP/1.1', LINES)],
    ['a blank in the path', read('POST /work /x HTTP/1.1', LINES)],
    ['two blanks before the version', read('POST /work  HTTP/1.1', LINES)],
    ['an older version', read('POST /work HTTP/1.0', LINES)],
    ['another method', read('GET /work HTTP/1.1', LINES)],
    ['a method in lower case', read('post /work HTTP/1.1', LINES)],
    ['a line before the first', read('\r\nPOST /work HTTP/1.1', LINES)],
    ['a wish to be asked first', withLines('expect: 100-continue')],
    ['an upgrade', withLines('upgrade: h2c')],
    ['a connection that is to be closed', withLines('connection: close')],
    ['headers named for this connection', withLines('connection: keep-alive, x-a')],
    ['trailers', withLines('trailer: x-a')],
    ['a name that is no name to an object', withLines('__proto__: x')],
    ['very many headers', withLines(...Array.from({ length: 70 }, (_, at) => `x-${at}: y`))],
    ['a very long header', withLines(`x-a: ${'y'.repeat(9_000)}`)],
  ])('on %s', (_what, head) => {
    expect(head).toBeNull()
  })

  it('on every other head with a byte changed, but for those that mean what they say', () => {
    const plain = `${[FIRST, ...LINES].join('\r\n')}\r\n\r\n`
    fc.assert(
      fc.property(fc.nat(plain.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(plain, 'latin1')
        bytes[at] = byte
        const head = readRequestHead(bytes)
        if (head === null) return
        // What was read says again exactly what was sent.
        const lines = Array.from({ length: head.rawHeaders.length / 2 }, (_, index) =>
          head.rawHeaders.slice(2 * index, 2 * index + 2).join(': '),
        )
        const again = `POST ${head.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
        expect(again.replaceAll(/[ \t]/g, '')).toBe(bytes.toString('latin1').replaceAll(/[ \t]/g, ''))
      }),
      { numRuns: 2000 },
    )
  })
})
