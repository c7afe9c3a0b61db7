import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkUtf8, scanObject } from './scan.ts'
import { ScanFailure } from './scan-values.ts'

const all = (name: string) => name
const scan = (text: string | Buffer, wanted: (name: string) => string | null = () => null) => {
  const bytes = Buffer.from(text)
  checkUtf8(bytes)
  return scanObject(bytes, wanted)
}

const codeOf = (run: () => unknown) => {
  try {
    run()
    return null
  } catch (error) {
    return error instanceof ScanFailure ? error.code : 'another error'
  }
}

/** What `JSON.parse` thinks of the same bytes. */
function judgedByParser(bytes: Buffer): 'object' | 'other' | 'broken' {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? 'object' : 'other'
  } catch {
    return 'broken'
  }
}

const judgedByScanner = (bytes: Buffer) => {
  const code = codeOf(() => scan(bytes))
  return code === null ? 'object' : code === 'invalid_body' ? 'other' : code === 'invalid_json' ? 'broken' : code
}

describe('the scanner agrees with JSON.parse', () => {
  it('on every valid value, however it is laid out', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 1, 2, '\t', ' \r\n'), (text, indent) => {
        const laidOut = Buffer.from(JSON.stringify(JSON.parse(text), null, indent === 0 ? undefined : indent))
        expect(judgedByScanner(laidOut)).toBe(judgedByParser(laidOut))
      }),
      { numRuns: 1000 },
    )
  })

  it('on values with a byte changed, removed or added anywhere', () => {
    const change = fc.record({
      at: fc.nat(),
      byte: fc.constantFrom(...Buffer.from('{}[],:"\\0123456789.eE+-tfnu \n\t\0\x1fa\xff', 'latin1')),
      how: fc.nat(2),
    })
    fc.assert(
      fc.property(fc.json(), change, (text, { at, byte, how }) => {
        const bytes = [...Buffer.from(`{"a":${text}}`)]
        bytes.splice(at % bytes.length, how === 0 ? 0 : 1, ...(how === 1 ? [] : [byte]))
        const changed = Buffer.from(bytes)
        expect(judgedByScanner(changed)).toBe(judgedByParser(changed))
      }),
      { numRuns: 5000 },
    )
  })

  it('on any text made of the pieces of JSON', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\u00e9"',
      '"\\x"',
      '1',
      '-0',
      '01',
      '1.',
      '1e5',
      '1E+',
      'true',
      'nul',
      'null',
      ' ',
      '\ufeff',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const bytes = Buffer.from(pieces.join(''))
        expect(judgedByScanner(bytes)).toBe(judgedByParser(bytes))
      }),
      { numRuns: 5000 },
    )
  })

  it('on arbitrary bytes in a string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (inner) => {
        const bytes = Buffer.concat([Buffer.from('{"a":"'), inner, Buffer.from('"}')])
        expect(judgedByScanner(bytes)).toBe(judgedByParser(bytes))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('the members it finds', () => {
  it('are where they are, whatever stands around them', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue(), { maxKeys: 8 }),
        fc.nat(3),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent)
          const bytes = Buffer.from(text)
          const found = scan(bytes, all).members.map(
            ({ name, start, end }) => [name, JSON.parse(bytes.toString('utf8', start, end))] as const,
          )
          const parsed: Record<string, unknown> = JSON.parse(text)
          const ascii = (name: string) => /^[\x20-\x7e]*$/.test(name)
          expect(found.filter(([name]) => ascii(name))).toEqual(
            Object.entries(parsed)
              .filter(([name]) => ascii(name))
              .toSorted(byFound(found)),
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  it('are recognised when their names are written with escapes', () => {
    const { members } = scan('{"mod\\u0065l":"x"}', (name) => (name === 'model' ? name : null))
    expect(members).toMatchObject([{ name: 'model', kind: 'string' }])
  })

  it('may not occur twice, not even under an escaped name', () => {
    expect(codeOf(() => scan('{"model":"a","m\\u006fdel":"b"}', all))).toBe('duplicate_key')
  })

  it('are only those of the top level', () => {
    const { members } = scan('{"a":{"model":"x"},"b":[{"model":"y"}]}', (name) => (name === 'model' ? name : null))
    expect(members).toEqual([])
  })
})

const byFound = (found: readonly (readonly [string, unknown])[]) => {
  const order = new Map(found.map(([name], index) => [name, index]))
  return ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (order.get(a) ?? 0) - (order.get(b) ?? 0)
}

describe('a body made to hurt a parser', () => {
  it('is refused for its depth before any stack ends', () => {
    const deep = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(codeOf(() => scan(deep(100)))).toBe(null)
    expect(codeOf(() => scan(deep(200)))).toBe('body_too_complex')
    expect(codeOf(() => scan(deep(1_000_000)))).toBe('body_too_complex')
    expect(codeOf(() => scan(`{"a":${'{"a":'.repeat(500_000)}`))).toBe('body_too_complex')
  })

  it('is refused for its number of containers', () => {
    expect(codeOf(() => scan(`{"a":[${'{},'.repeat(1_000_000)}{}]}`))).toBe('body_too_complex')
  })

  it('of the largest size holds the process only briefly', () => {
    const bodies = [
      `{"a":[${'0,'.repeat(5_000_000)}0]}`,
      `{"a":"${'\\u0041'.repeat(1_700_000)}"}`,
      `{"a":"${'x'.repeat(10_000_000)}"}`,
      `{${'"a":0,'.repeat(1_500_000)}"a":0}`,
      `{"a":${' '.repeat(10_000_000)}1}`,
    ].map((text) => Buffer.from(text))
    // 50 ms on a machine of its own; the best of several runs, with room for one that is shared by other tests.
    for (const bytes of bodies)
      expect(Math.min(...[0, 1, 2, 3].map(() => timeOf(() => codeOf(() => scan(bytes)))))).toBeLessThan(200)
  })
})

const timeOf = (run: () => unknown) => {
  const startedAt = performance.now()
  run()
  return performance.now() - startedAt
}
