import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BadPattern, compilePattern, shapeOf } from './pattern.ts'

test.each([
  ['gpt-4', 'gpt-4', true],
  ['gpt-4', 'gpt-4o', false],
  ['^gpt-4$', 'gpt-4', true],
  ['gpt-(4|5).*', 'gpt-5-mini', true],
  ['gpt-(4|5).*', 'a gpt-5', false],
  ['a|b', 'b', true],
  ['(?i)GPT-4', 'gpt-4', true],
  ['claude-[^-]+', 'claude-sonnet-4', false],
  ['.*', '模型', true],
])('%s on %s is %s: the whole name counts', (pattern, model, expected) => {
  expect(compilePattern(pattern)(model)).toBe(expected)
})

test.each([
  ['gpt-(4', 5],
  ['gpt-4)', 6],
  ['(a)[b-', 4],
  ['gpt-4**', 6],
  ['abc\\1', 4],
  ['ab(?=c)', 3],
  ['x{1001}', 2],
  ['a[z-a]', 3],
  ['*a', 1],
])('%s is refused, and the message says where: at character %i', (pattern, place) => {
  expect(() => compilePattern(pattern)).toThrow(BadPattern)
  expect(() => compilePattern(pattern)).toThrow(`at character ${place}.`)
})

test.each(['a'.repeat(501), '(.{100}){10}.{1000}', '.{1000}'.repeat(5), '(((a{10}){10}){10}b{9}){1}c{9}'])(
  '%s is refused for its size, before it costs anything',
  (pattern) => {
    const startedAt = performance.now()
    expect(() => compilePattern(pattern)).toThrow(BadPattern)
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  },
)

test('a pattern that kills other engines takes steps in proportion to the name', () => {
  const matches = compilePattern('(a*)*(a*)*(a|aa)+b')
  expect(matches('a'.repeat(256))).toBe(false)
})

describe('the plain parts of a pattern', () => {
  test.each([
    ['gpt-4', { exact: 'gpt-4' }],
    ['gpt-4\\.1', { exact: 'gpt-4.1' }],
    ['^gpt-4$', { exact: 'gpt-4' }],
    ['gpt-.*', { prefix: 'gpt-', needle: 'gpt-' }],
    ['gpt-4o?', { prefix: 'gpt-4', needle: 'gpt-4' }],
    ['gpt-4{2}', { prefix: 'gpt-', needle: 'gpt-' }],
    ['gpt-4+', { prefix: 'gpt-4', needle: 'gpt-4' }],
    ['gpt-(4|5)-turbo', { prefix: 'gpt-', needle: '-turbo' }],
    ['.*-[a|b]-mini', { prefix: '', needle: '-mini' }],
    ['(a[)]b)cd+e', { prefix: '', needle: 'cd' }],
    ['gpt|o1', { prefix: '', needle: '' }],
    ['(?i)gpt', { prefix: '', needle: '' }],
    ['gpt(?i)?', { prefix: '', needle: '' }],
    ['gpt\\Q\\E?', { prefix: '', needle: '' }],
    ['\\x41', { prefix: '', needle: '' }],
    ['[[:alpha:]a]bc', { prefix: '', needle: '' }],
    ['a\\d', { prefix: 'a', needle: 'a' }],
    ['.*', { prefix: '', needle: '' }],
  ])('of %s are known', (pattern, shape) => {
    expect(shapeOf(pattern)).toEqual(shape)
  })

  const words = String.raw`a b - . \. * + ? | ( ) [ab] [^a] {2} {0} {0,1} {,2} { } ^ $ \$ \d (?i) (?: \Q \E () \b [ ] \] \x61 [[:alpha:]]`
  const piece = fc.constantFrom(...words.split(' '))
  const pattern = fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(''))
  const model = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '2', 'A', '$', '{', '}'), maxLength: 8 })

  test('are in every name the pattern matches', () => {
    fc.assert(
      fc.property(pattern, model, (text, name) => {
        let matches = false
        try {
          matches = compilePattern(text)(name)
        } catch {
          return true
        }
        const shape = shapeOf(text)
        if ('exact' in shape) return matches === (shape.exact === name)
        return !matches || (name.startsWith(shape.prefix) && name.includes(shape.needle))
      }),
      { numRuns: 20_000 },
    )
  })
})
