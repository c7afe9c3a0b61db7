import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createKeyring } from './keyring.ts'
import { open, seal } from './seal.ts'

const old = randomBytes(32)
const ring = createKeyring([old])
const place = { table: 'providers', id: 'a', column: 'sealed_credential' }

test('a sealed value opens in its own cell', () => {
  expect(open(ring, place, seal(ring, place, 'sk-höher'))).toBe('sk-höher')
})

test('sealing the same text twice gives different bytes', () => {
  expect(seal(ring, place, 'x').equals(seal(ring, place, 'x'))).toBe(false)
})

test.each([
  { ...place, id: 'b' },
  { ...place, column: 'other' },
  { ...place, table: 'users' },
])('a ciphertext moved to %o does not open', (elsewhere) => {
  const sealed = seal(ring, place, 'secret')
  expect(() => open(ring, elsewhere, sealed)).toThrow()
})

test('a ciphertext with any bit flipped does not open', () => {
  const sealed = seal(ring, place, 'secret')
  for (let index = 0; index < sealed.length; index++) {
    const edited = Buffer.from(sealed)
    edited.writeUInt8(edited.readUInt8(index) ^ 1, index)
    expect(() => open(ring, place, edited)).toThrow()
  }
})

test('after a new master key, old seals open as long as the old key is in the ring', () => {
  const sealed = seal(ring, place, 'secret')
  expect(open(createKeyring([randomBytes(32), old]), place, sealed)).toBe('secret')
  expect(() => open(createKeyring([randomBytes(32)]), place, sealed)).toThrow('unknown master key')
})

test('a proof is recognised by the ring that holds its master key, and by no other', () => {
  expect(createKeyring([randomBytes(32), old]).recognises(ring.proof())).toBe(true)
  expect(createKeyring([randomBytes(32)]).recognises(ring.proof())).toBe(false)
})
