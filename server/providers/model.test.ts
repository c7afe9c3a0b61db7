import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileModels, listModels } from './model.ts'

test.each([
  ['gpt-4', 'gpt-4', true],
  ['gpt-4', 'gpt-4o', false],
  ['gpt-*', 'gpt-4o-mini', true],
  ['*mini', 'gpt-4o-mini', true],
  ['gpt-?o', 'gpt-4o', true],
  ['gpt-?o', 'gpt-44o', false],
  ['*', '', true],
  ['a*b*c', 'aXbXbc', true],
  ['a.c', 'abc', false],
  ['GPT-4', 'gpt-4', false],
])('%s on %s is %s', (pattern, model, expected) => {
  expect(compileModels([pattern])(model)).toBe(expected)
})

test('globs agree with a naive matcher', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 })
  const naive = (pattern: string, model: string): boolean => {
    const [first] = pattern
    if (first === undefined) return model === ''
    if (first === '*') return naive(pattern.slice(1), model) || (model !== '' && naive(pattern, model.slice(1)))
    return model !== '' && (first === '?' || first === model[0]) && naive(pattern.slice(1), model.slice(1))
  }
  fc.assert(fc.property(glob, text, (pattern, model) => compileModels([pattern])(model) === naive(pattern, model)))
})

test('a list names enabled models and discovered ones that a glob allows, once each', () => {
  expect(listModels(['gpt-*', 'o1'], ['gpt-4', 'o1', 'claude'])).toEqual(['gpt-4', 'o1'])
})
