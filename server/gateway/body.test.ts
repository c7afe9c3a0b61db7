import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Body } from './body.ts'
import { BodyBuffers } from './body-buffers.ts'

describe('a body that comes in pieces', () => {
  it('is what was sent, whatever the pieces and whatever was said of its length', () => {
    const buffers = new BodyBuffers()
    const lengths = fc.array(fc.integer({ min: 1, max: 400_000 }), { maxLength: 6 })
    fc.assert(
      fc.property(lengths, fc.nat(2_000_000), (all, expected) => {
        using body = new Body(buffers, null)
        const pieces = all.map((length, index) => Buffer.alloc(length, `${index}abc`))
        for (const one of pieces) body.add(one, expected)
        expect(body.bytes.equals(Buffer.concat(pieces))).toBe(true)
      }),
    )
  })

  it('takes no more memory than what came asks for, however long it is said to become', () => {
    const taken: number[] = []
    const buffers = new BodyBuffers()
    const take = buffers.take.bind(buffers)
    buffers.take = (bytes) => {
      taken.push(bytes)
      return take(bytes)
    }
    using body = new Body(buffers, null)
    for (let count = 0; count < 2; count++) body.add(Buffer.alloc(1000), 10_000_000)
    expect(taken).toEqual([2000])
  })
})

describe('the memory of bodies', () => {
  it('is of one body at a time, however often it is given back', () => {
    const buffers = new BodyBuffers()
    const body = new Body(buffers, null)
    for (let count = 0; count < 2; count++) body.add(Buffer.alloc(10), 20)
    const { buffer } = body.bytes
    for (let count = 0; count < 3; count++) body[Symbol.dispose]()
    const [first, second] = [buffers.take(1), buffers.take(1)]
    expect(first.buffer).toBe(buffer)
    expect(second.buffer).not.toBe(buffer)
  })

  it('is kept only up to its bound', () => {
    const buffers = new BodyBuffers(300_000)
    const given = Array.from({ length: 4 }, () => buffers.take(128 * 1024))
    for (const one of given) buffers.give(one)
    const kept = Array.from({ length: 4 }, () => buffers.take(1)).filter((one) => given.includes(one))
    expect(kept).toHaveLength(2)
  })
})
