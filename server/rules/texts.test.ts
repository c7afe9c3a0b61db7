import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Texts } from './texts.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 4 })
const whole = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 9 })

test('those are found that a text begins with or contains, whatever came and went before', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), fc.array(text), whole, (added, deleted, asked) => {
      const texts = new Texts<string>()
      for (const one of added) texts.ensure(one, () => one)
      for (const one of deleted) texts.delete(one)
      const left = [...new Set(added)].filter((one) => !deleted.includes(one))
      expect([...texts.beginningsOf(asked)].toSorted()).toEqual(left.filter((one) => asked.startsWith(one)).toSorted())
      expect([...texts.partsOf(asked)].toSorted()).toEqual(left.filter((one) => asked.includes(one)).toSorted())
    }),
    { numRuns: 2_000 },
  )
})

test('the cost depends on the text that is asked about, not on how many others there are', () => {
  const texts = new Texts<number>()
  for (let at = 0; at < 10_000; at++) texts.ensure(`xyz-${at}`, () => at)
  expect([...texts.partsOf('my-xyz-42')]).toEqual([4, 42])
  expect([...texts.beginningsOf('my-xyz-42')]).toEqual([])
  // Pieces of 5, 6, 7 and 8 of its 9 characters, and four beginnings.
  expect(texts.looked).toBe(5 + 4 + 3 + 2 + 4)
})
