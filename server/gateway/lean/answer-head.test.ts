import { describe, expect, it } from 'vitest'
import { readAnswerHead } from './answer-head.ts'

const OK = 'HTTP/1.1 200 OK'
const read = (...lines: readonly string[]) => readAnswerHead(lines.join('\r\n'))

describe('the head of an answer', () => {
  it('says how long its body is', () => {
    expect(read(OK, 'Content-Length: 12').framing).toBe(12)
    expect(read(OK, 'transfer-encoding: Chunked').framing).toBe('chunked')
    expect(read(OK, 'x: y').framing).toBe('close')
    expect(read('HTTP/1.1 204 No Content', 'x: y').framing).toBe(0)
    expect(read('HTTP/1.1 304 Not Modified', 'content-length: 12').framing).toBe(0)
    expect(read('HTTP/1.1 103 Early Hints', 'link: <x>').framing).toBe(0)
  })

  it('keeps values that come more than once apart, and takes no name for a part of an object', () => {
    const lines = [
      'content-length: 0',
      'X-A: 1',
      'x-a: 2 ',
      'x-a:3',
      '__proto__: x',
      'constructor: y',
      'constructor: z',
    ]
    const { headers } = read(OK, ...lines)
    expect(Object.entries(headers)).toEqual([
      ['content-length', '0'],
      ['x-a', ['1', '2', '3']],
      ['constructor', ['y', 'z']],
    ])
  })

  it.each<[string, readonly string[], number]>([
    ['unless told otherwise', [OK, 'content-length: 0'], 30_000],
    ['not when it is to be closed', [OK, 'content-length: 0', 'Connection: Close'], 0],
    ['not when its end is the end of the body', [OK], 0],
    ['shorter than the provider says', [OK, 'content-length: 0', 'keep-alive: timeout=5, max=10'], 3_000],
    ['not at all when that is too short', [OK, 'content-length: 0', 'keep-alive: timeout=1'], 0],
    ['never for long', [OK, 'content-length: 0', 'keep-alive: timeout=9999'], 60_000],
    ['not in an older version', ['HTTP/1.0 200 OK', 'content-length: 0'], 0],
    ['in an older version when it says so', ['HTTP/1.0 200 OK', 'content-length: 0', 'connection: keep-alive'], 30_000],
  ])('says how long the connection is kept: %s', (_what, lines, keepMs) => {
    expect(read(...lines).keepMs).toBe(keepMs)
  })

  it.each<[string, readonly string[]]>([
    ['a length and a transfer coding', [OK, 'content-length: 2', 'transfer-encoding: chunked']],
    ['two lengths', [OK, 'content-length: 2', 'content-length: 2']],
    ['two lengths in one', [OK, 'content-length: 2, 2']],
    ['a length with a sign', [OK, 'content-length: +2']],
    ['a length in hexadecimal', [OK, 'content-length: 0x2']],
    ['an empty length', [OK, 'content-length: ']],
    ['another transfer coding', [OK, 'transfer-encoding: gzip, chunked']],
    ['two transfer codings', [OK, 'transfer-encoding: chunked', 'transfer-encoding: chunked']],
    ['a header that is folded', [OK, 'x-a: b', ' c']],
    ['a blank before a colon', [OK, 'x-a : b']],
    ['a line without a colon', [OK, 'x-a']],
    ['a line break of one byte', [`${OK}\nx-a: b`]],
    ['a line break of one byte in a header', [OK, 'x-a: b\nx-c: d']],
    ['a null byte', [OK, 'x-a: b\0']],
    ['another protocol', ['HTTP/2 200 OK']],
    ['a status of two digits', ['HTTP/1.1 20 OK']],
    ['a status of four digits', ['HTTP/1.1 2000 OK']],
    ['a status below 100', ['HTTP/1.1 099 OK']],
    ['nothing', ['']],
  ])('is none with %s', (_what, lines) => {
    expect(() => read(...lines)).toThrow('Response is not valid HTTP')
  })

  it('is none when it changes the protocol', () => {
    expect(() => read('HTTP/1.1 101 Switching Protocols', 'upgrade: x')).toThrow('bad upgrade')
  })
})
