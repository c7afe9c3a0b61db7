import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChunkReader } from './chunks.ts'

/** The body that comes out when the bytes arrive cut at these places, and how many bytes were not part of it. */
function readCut(bytes: Buffer, cuts: readonly number[]): { body: string; over: boolean; rest: number } {
  const reader = new ChunkReader()
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)
  let [body, from, used] = ['', 0, 0]
  for (const to of [...places, bytes.length]) {
    if (reader.over) break
    used =
      from +
      reader.read(bytes.subarray(from, to), (data) => {
        body += data.toString('latin1')
      })
    from = to
  }
  return { body, over: reader.over, rest: bytes.length - used }
}

const readAtOnce = (text: string) => readCut(Buffer.from(text, 'latin1'), [])
const everyByte = (text: string) =>
  readCut(
    Buffer.from(text, 'latin1'),
    [...text].map((_letter, at) => at),
  )

describe('a body in chunks', () => {
  it('is the same wherever the bytes are cut, and ends where it ends', () => {
    const piece = fc.record({
      data: fc.string({ minLength: 1, maxLength: 40 }),
      upper: fc.boolean(),
      extension: fc.constantFrom('', '', '', ';a=b', ' ; x'),
      zeros: fc.constantFrom('', '', '0', '000000000'),
    })
    const message = fc.record({
      pieces: fc.array(piece, { maxLength: 6 }),
      trailers: fc.constantFrom('', 'x-a: b\r\n', 'a: 1\r\nb: 2\r\n'),
      behind: fc.constantFrom('', 'HTTP/1.1 200 OK\r\n'),
    })
    fc.assert(
      fc.property(message, fc.array(fc.nat()), ({ pieces, trailers, behind }, cuts) => {
        const data = pieces.map((one) => Buffer.from(one.data).toString('latin1'))
        const chunks = pieces.map(({ upper, extension, zeros }, at) => {
          const size = zeros + (data[at] ?? '').length.toString(16)
          return `${upper ? size.toUpperCase() : size}${extension}\r\n${data[at]}\r\n`
        })
        const bytes = Buffer.from(`${chunks.join('')}0\r\n${trailers}\r\n${behind}`, 'latin1')
        const all = { body: data.join(''), over: true, rest: behind.length }
        expect(readCut(bytes, [])).toEqual(all)
        const { body, over } = readCut(bytes, cuts)
        expect({ body, over }).toEqual({ body: all.body, over: true })
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['a bare line feed behind a size', '1\na\r\n0\r\n\r\n'],
    ['a bare line feed behind data', '1\r\na\n0\r\n\r\n'],
    ['a carriage return alone', '1\ra\r\n0\r\n\r\n'],
    ['data longer than its size', '1\r\nab\r\n0\r\n\r\n'],
    ['a size that is no number', 'x\r\na\r\n0\r\n\r\n'],
    ['no size', '\r\na\r\n0\r\n\r\n'],
    ['a sign', '+1\r\na\r\n0\r\n\r\n'],
    ['a prefix', '0x1\r\na\r\n0\r\n\r\n'],
    ['a blank before a size', ' 1\r\na\r\n0\r\n\r\n'],
    ['a size beyond all numbers', '1fffffffffffffff\r\na\r\n0\r\n\r\n'],
    ['a trailer without a name', '0\r\n: x\r\n\r\n'],
    ['a trailer that is folded', '0\r\na: b\r\n c\r\n\r\n'],
    ['a blank before the colon of a trailer', '0\r\na : b\r\n\r\n'],
  ])('is refused with %s, whole and byte by byte', (_what, text) => {
    expect(() => readAtOnce(text)).toThrow('Response is not valid HTTP')
    expect(() => everyByte(text)).toThrow('Response is not valid HTTP')
  })

  it('with a line that does not end is refused before it fills the memory', () => {
    expect(() => readAtOnce(`1;${'x'.repeat(5_000)}`)).toThrow('Response is not valid HTTP')
  })
})
