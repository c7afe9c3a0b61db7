import { expect, test } from 'vitest'
import { z } from 'zod'
import { keyFields, orNull, toFields, toRestrictions } from './keyForm.ts'

const schema = z.object(keyFields)
const good = {
  name: 'ML Pipeline API',
  type: 'Production',
  purpose: '',
  application: '',
  environment: '',
  fields: {},
  expiresAt: null,
  models: [],
  addresses: [],
  endpoints: [],
}

test('a day that is missing is a mistake, never a key that lives for ever', () => {
  expect(schema.safeParse({ ...good, expiresAt: '' }).success).toBe(false)
  expect(schema.safeParse({ ...good, expiresAt: '2027-02-21T00:00:00.000Z' }).success).toBe(true)
})

test.each(['', '  ab  ', 'x'.repeat(65)])('a name of "%s" is refused', (name) => {
  expect(schema.safeParse({ ...good, name }).success).toBe(false)
})

test('a field with nothing but spaces is empty', () => {
  expect(orNull('   ')).toBeNull()
  expect(orNull(' a ')).toBe('a')
})

test('an address is an address or a network, never a name', () => {
  const told = (address: string) => schema.safeParse({ ...good, addresses: [address] }).success
  expect(told('203.0.113.0/24')).toBe(true)
  expect(told('2001:db8::/32')).toBe(true)
  expect(told('office.example')).toBe(false)
})

test('restrictions are sent once each, without blanks', () => {
  expect(toRestrictions({ models: ['gpt-4o*', ' gpt-4o* ', ''], addresses: [], endpoints: ['CHAT'] })).toEqual({
    models: ['gpt-4o*'],
    addresses: [],
    endpoints: ['CHAT'],
  })
})

test('own fields are sent as far as the type has them; an empty one is cleared', () => {
  const known = [{ name: 'Cost centre' }, { name: 'Team' }]
  expect(toFields({ 'Cost centre': ' 4711 ', Gone: 'x' }, known)).toEqual([
    { name: 'Cost centre', value: '4711' },
    { name: 'Team', value: null },
  ])
})
