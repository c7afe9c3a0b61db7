import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { InvalidInput } from './problems.ts'
import { isId, name, optionalText, parse } from './text.ts'

describe('a name', () => {
  it.each([
    ['HTML', '<script>alert(1)</script>'],
    ['a CSV formula', "=cmd|' /C calc'!A0"],
    ['another formula', '@SUM(1+1)*cmd'],
    ['right-to-left letters', 'مفتاح الإنتاج'],
    ['both directions', 'key מפתח 7'],
    ['4-byte characters', '🔑🔑🔑'],
    ['joined emoji', 'fam 👩‍👩‍👧'],
    ['a form of an emoji', 'heart ❤️'],
    ['joined letters', 'می\u200cخواهم'],
    ['SQL', "Robert'); DROP TABLE users;--"],
    ['a template', '{{7*7}}'],
    ['64 characters outside the first plane', '𝔸'.repeat(64)],
  ])('may be %s and stays as it is', (_what, text) => {
    expect(parse(name(), text)).toBe(text)
  })

  it.each([
    ['a NUL', 'abc\0def'],
    ['a line break', 'abc\ndef'],
    ['an escape', 'abc\u001b[31m'],
    ['a C1 control', 'abc\u0085def'],
    ['a line separator', 'abc\u2028def'],
    ['half a surrogate pair', 'abc\ud83d'],
    ['a right-to-left override', 'abc\u202egpj.exe'],
    ['an isolate', 'abc\u2066def'],
    ['only spaces', '     '],
    ['only zero-width characters', '\u200b\u200b\u200b\u200b'],
    ['only fillers that count as letters', '\u3164\u3164\u3164'],
    ['a zero width space', 'abc\u200bdef'],
    ['a byte order mark', 'abc\ufeffdef'],
    ['a soft hyphen', 'abc\u00addef'],
    ['two characters', 'ab'],
    ['65 characters', 'a'.repeat(65)],
    ['a megabyte', 'a'.repeat(1_000_000)],
  ])('may not be or hold %s', (_what, text) => {
    expect(() => parse(name(), text)).toThrow(InvalidInput)
  })

  it('is trimmed and composed before it is counted', () => {
    expect(parse(name(), '  Cafe\u0301 \u00a0')).toBe('Café')
  })

  it('takes other bounds', () => {
    expect(parse(name({ max: 32 }), 'a'.repeat(32))).toHaveLength(32)
    expect(() => parse(name({ max: 32 }), 'a'.repeat(33))).toThrow('32 characters or fewer')
    expect(parse(name({ min: 1 }), 'a')).toBe('a')
  })
})

describe('an optional text', () => {
  it('tells leaving from clearing', () => {
    expect(parse(optionalText(10), undefined)).toBeUndefined()
    expect(parse(optionalText(10), null)).toBeNull()
    expect(parse(optionalText(10), '  ')).toBeNull()
    expect(parse(optionalText(10), ' x ')).toBe('x')
  })

  it('is bounded and clean like a name', () => {
    expect(() => parse(optionalText(10), 'a'.repeat(11))).toThrow('10 characters or fewer')
    expect(() => parse(optionalText(10), 'a\0')).toThrow('control characters')
    expect(() => parse(optionalText(10), 'a\nb')).toThrow('control characters')
  })
})

it('names every issue with its path', () => {
  const schema = z.object({
    name: name(),
    deep: z.object({ list: z.array(name()) }),
  })
  const issues = () => parse(schema, { name: 'a\0', deep: { list: ['fine', 'x'] } })
  expect(issues).toThrow(
    new InvalidInput([
      { path: 'name', message: 'must have 3 characters or more.' },
      { path: 'name', message: 'must not contain control characters.' },
      { path: 'deep.list.1', message: 'must have 3 characters or more.' },
    ]),
  )
})

it('knows the form of an id', () => {
  expect(isId('0198f9a0-0000-7000-8000-000000000000')).toBe(true)
  expect(isId('0198F9A0-0000-7000-8000-000000000000')).toBe(false)
  expect(isId('users:1')).toBe(false)
})
