import { describe, expect, it } from 'vitest'
import { END_BYTES, readAnswer, readEnds } from './tokens.ts'

const words = (bytes: number) => 'x'.repeat(bytes)
const usage = { prompt_tokens: 3, completion_tokens: 4 }
const counted = { input: 3, output: 4, cached: null }
const bytesOf = (answer: object) => Buffer.from(JSON.stringify(answer))

describe('usage of a whole answer', () => {
  it.each([
    ['of a few bytes', { model: 'm', usage }],
    ['in the middle of a long one', { a: words(30_000), model: 'm', usage, z: words(30_000) }],
    ['behind words that look like it', { a: `"usage":${JSON.stringify(usage)}`, b: words(40_000), model: 'm', usage }],
    ['behind that of a part', { choices: [{ usage: { prompt_tokens: 9 } }], b: words(40_000), model: 'm', usage }],
  ])('is read %s', (_which, answer) => {
    expect(readAnswer(bytesOf(answer))).toEqual({ tokens: counted, model: 'm' })
  })

  it('is none where there is none, or no JSON', () => {
    const nothing = { tokens: null, model: null }
    expect(readAnswer(bytesOf({ a: words(40_000) }))).toEqual(nothing)
    expect(readAnswer(Buffer.from(`{"usage":{"prompt_tokens":3},${words(40_000)}`))).toEqual(nothing)
    expect(readAnswer(Buffer.alloc(40_000))).toEqual(nothing)
  })
})

describe('usage of an answer too large to be kept', () => {
  const ends = (answer: object) => {
    const bytes = bytesOf(answer)
    return readEnds(bytes.subarray(0, END_BYTES), bytes.subarray(-END_BYTES))
  }

  it('is read at either end, however deep its details are', () => {
    const details = { ...usage, prompt_tokens_details: { deep: { deeper: { 'a}"{': 1 } } } }
    expect(ends({ model: 'm', a: words(100_000), usage: details })).toEqual({ tokens: counted, model: 'm' })
    expect(ends({ model: 'm', usage: details, a: words(100_000) })).toEqual({ tokens: counted, model: 'm' })
  })

  it('is none where it is cut off', () => {
    const { tokens } = ends({ usage: { a: words(100_000), ...usage } })
    expect(tokens).toBe(null)
  })
})
