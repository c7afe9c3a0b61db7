import { expect, test } from 'vitest'
import { fromMicros, limitSchema, toApiAmount, toMicros, toState, toTermsInput } from './limitForm.ts'

test('money goes to millionths and back without losing a digit', () => {
  for (const [text, micros] of [
    ['50', '50000000'],
    ['12.5', '12500000'],
    ['0.000001', '1'],
    ['9999999999.999999', '9999999999999999'],
  ] as const) {
    expect(toMicros(text)).toBe(micros)
    expect(fromMicros(micros)).toBe(text)
  }
})

test('requests at once have no window, and only the chosen target is sent', () => {
  const input = toTermsInput({
    ...toState(null),
    metric: 'CONCURRENCY',
    amount: '4',
    target: 'USER',
    userId: 'u',
    keyId: 'k',
  })
  expect(input).toMatchObject({ period: null, amount: '4', userId: 'u', keyId: null })
})

test('a fraction of a request is refused, a fraction of a dollar is not', () => {
  const told = (more: object) => limitSchema.safeParse({ ...toState(null), target: 'EVERYTHING', ...more }).success
  expect(told({ amount: '1.5' })).toBe(false)
  expect(told({ amount: '1.5', metric: 'MONEY' })).toBe(true)
  expect(told({ amount: '0', metric: 'MONEY' })).toBe(false)
})

test('an amount that was pasted with spaces around it is what it says', () => {
  expect([toApiAmount(' 12.5 ', 'MONEY'), toApiAmount(' 1000 ', 'REQUESTS')]).toEqual(['12500000', '1000'])
})
