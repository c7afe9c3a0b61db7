import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { InvalidInput } from '../lib/problems.ts'
import { parse } from '../lib/text.ts'
import { compileRestrictions, restrictionMembers } from './restriction.ts'

const none = { models: [], addresses: [], endpoints: [] }
const read = (input: object) => parse(z.object(restrictionMembers), input)

describe('a restriction', () => {
  test('that is empty narrows nothing, not even an unknown address', () => {
    const restriction = compileRestrictions(none)
    expect(restriction.allowsModel('anything')).toBe(true)
    expect(restriction.allowsAddress(() => null)).toBe(true)
    expect(restriction.allowsEndpoint('CHAT')).toBe(true)
  })

  test('to models knows names and globs, to endpoints only those it names', () => {
    const restriction = compileRestrictions({ ...none, models: ['gpt-4', 'o?-*'], endpoints: ['CHAT', 'MODELS'] })
    expect(['gpt-4', 'gpt-4o', 'o1-mini'].map(restriction.allowsModel)).toEqual([true, false, true])
    expect(restriction.allowsEndpoint('CHAT')).toBe(true)
    expect(restriction.allowsEndpoint('EMBEDDINGS')).toBe(false)
    expect(restriction.allowsAddress(() => null)).toBe(true)
  })

  test.each([
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['2001:db8::/32', '2001:db8::1', true],
    ['2001:db8::/32', '10.0.0.1', false],
    ['::ffff:10.0.0.0/104', '10.9.9.9', true],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['0.0.0.0/0', '2001:db8::1', false],
  ])('to the network %s lets %s in: %s', (network, address, expected) => {
    const { addresses = [] } = read({ addresses: [network] })
    expect(compileRestrictions({ ...none, addresses }).allowsAddress(() => address)).toBe(expected)
  })

  test('to a network refuses an address that nobody knows', () => {
    expect(compileRestrictions({ ...none, addresses: ['0.0.0.0/0'] }).allowsAddress(() => null)).toBe(false)
  })
})

describe('what people write', () => {
  test('is stored in one form, once each', () => {
    expect(read({ addresses: [' 10.1.2.3/8', '10.0.0.0/8', '::ffff:192.0.2.1', '2001:DB8:0::5/32'] })).toEqual({
      addresses: ['10.0.0.0/8', '192.0.2.1/32', '2001:db8::/32'],
    })
    expect(read({ models: ['gpt-4', ' gpt-4 '], endpoints: ['CHAT', 'CHAT'] })).toEqual({
      models: ['gpt-4'],
      endpoints: ['CHAT'],
    })
  })

  test.each([
    ['addresses', ['10.0.0.0/33']],
    ['addresses', ['10']],
    ['addresses', ['0x7f.1']],
    ['addresses', ['example.com']],
    ['addresses', ['']],
    ['models', ['']],
    ['models', ['a\u0000b']],
    ['models', ['x'.repeat(201)]],
    ['models', Array.from({ length: 101 }, (_, at) => `m${at}`)],
    ['endpoints', ['EVERYTHING']],
  ])('is refused as %s when it is none', (member, value) => {
    expect(() => read({ [member]: value })).toThrow(InvalidInput)
  })

  test('left out or null stays as it is', () => {
    expect(read({ models: null })).toEqual({ models: undefined })
  })
})
