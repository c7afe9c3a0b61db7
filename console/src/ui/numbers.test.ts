import { expect, test } from 'vitest'
import {
  currency,
  toBig,
  toCost,
  toCount,
  toDuration,
  toMoney,
  toPlural,
  toPrice,
  toRate,
  toShort,
  toSign,
  toSize,
} from './numbers.ts'

test('tokens beyond the safe integers keep every digit', () => {
  expect(toBig('9007199254740993123')).toBe('9,007,199,254,740,993,123')
})

test('an amount below a cent shows what it is instead of zero', () => {
  expect(toMoney('8400')).toBe('$0.0084')
  expect(toMoney('15')).toBe('$0.000015')
  expect(toMoney('0')).toBe('$0.00')
  expect(toMoney('33020000')).toBe('$33.02')
})

test('a price is shown as it was set', () => {
  expect(['75000', '2500000', '1', '0'].map(toPrice)).toEqual(['$0.075', '$2.50', '$0.000001', '$0.00'])
})

test('amounts are in the currency of the installation', () => {
  currency.value = 'EUR'
  expect([toMoney('1240000'), toSign()]).toEqual(['€1.24', '€'])
  currency.value = 'USD'
})

test('errors of no requests are no division by zero', () => {
  expect(toRate(0, 0)).toBe('0%')
  expect(toRate(279, 11_387)).toBe('2.5%')
})

test('counts, durations and sizes read as people write them', () => {
  expect(toCount(122_467)).toBe('122,467')
  expect([122_467, 1_250, 0.15, 0].map(toShort)).toEqual(['122K', '1.25K', '0.15', '0'])
  expect(toDuration(340.4)).toBe('340 ms')
  expect(toDuration(12_340)).toBe('12.3 s')
  expect(toSize('24000')).toBe('24.0 kB')
  expect(toPlural(1, 'key')).toBe('1 key')
  expect(toPlural(1200, 'key')).toBe('1,200 keys')
  expect(toPlural(2, 'entry')).toBe('2 entries')
})

test('an unknown cost is a dash, never nothing', () => {
  expect(toCost({ costMicros: '0', unpriced: 3 })).toBe('–')
  expect(toCost({ costMicros: '0', unpriced: 0 })).toBe('$0.00')
  expect(toCost({ costMicros: '1240000', unpriced: 3 })).toBe('$1.24')
})
