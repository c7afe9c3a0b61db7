import { expect, test } from 'vitest'
import { toOrder } from './list.ts'

const fields = { name: 'NAME', created: 'CREATED_AT' } as const

test('the order in the address is the order that is asked for', () => {
  expect(toOrder({ field: 'created', descending: true }, fields, 'NAME')).toEqual({
    field: 'CREATED_AT',
    direction: 'DESC',
  })
})

test('a field that the list does not know stands for the fallback', () => {
  for (const field of ['', 'nonsense', '__proto__', 'toString']) {
    expect(toOrder({ field, descending: false }, fields, 'NAME')).toEqual({ field: 'NAME', direction: 'ASC' })
  }
})
