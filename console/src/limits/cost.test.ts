import { expect, test } from 'vitest'
import { toCostText, toCostTile } from './cost.ts'

const administrator = { role: 'ADMINISTRATOR' } as const

test('a cost says how many requests it leaves out, and leads administrators to the prices', () => {
  const cost = { costMicros: '1240000', unpriced: 1200 }
  const told = { label: 'Cost', value: '$1.24', note: '1,200 requests without a price' }
  expect(toCostTile('Cost', cost, administrator)).toEqual({ ...told, link: '/admin/prices' })
  expect(toCostTile('Cost', cost, { role: 'USER' })).toEqual(told)
  expect(toCostText(cost)).toBe('$1.24 and 1,200 requests without a price')
})

test('a cost that leaves nothing out says nothing of it', () => {
  const cost = { costMicros: '1240000', unpriced: 0 }
  expect(toCostTile('Cost', cost, administrator)).toEqual({ label: 'Cost', value: '$1.24' })
  expect(toCostText(cost)).toBe('$1.24')
})
