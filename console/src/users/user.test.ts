import { expect, test } from 'vitest'
import { refusalToDeleteUser, refusalToReset, toBrowser, tokenLook } from './user.ts'

const root = {
  id: 'root',
  role: 'ADMINISTRATOR' as const,
  username: 'root',
  displayName: 'Root',
  email: null,
  createdAt: '2026-01-01T00:00:00.000Z',
}

test('nobody deletes themselves or resets their own password by a link', () => {
  expect(refusalToDeleteUser(root, { id: 'root', deletedAt: null })).toMatch(/yourself/)
  expect(refusalToReset(root, { id: 'root', deletedAt: null })).toMatch(/Account/)
  expect(refusalToDeleteUser(root, { id: 'alan', deletedAt: null })).toBeNull()
})

test('an auditor is refused with the reason', () => {
  expect(refusalToDeleteUser({ ...root, id: 'eve', role: 'AUDITOR' }, { id: 'alan', deletedAt: null })).toMatch(
    /administrator/,
  )
})

test('a revoked token is revoked even when it has expired too', () => {
  const now = Date.parse('2026-11-23T00:00:00.000Z')
  const past = '2026-11-01T00:00:00.000Z'
  expect(tokenLook({ revokedAt: past, expiresAt: past }, now).label).toBe('Revoked')
  expect(tokenLook({ revokedAt: null, expiresAt: past }, now).label).toBe('Expired')
  expect(tokenLook({ revokedAt: null, expiresAt: null }, now).label).toBe('Active')
})

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36',
    'Chrome on Linux',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Mobile Safari/604.1',
    'Safari on iOS',
  ],
  ['curl/8.9.1', 'curl'],
])('%s reads %s', (userAgent, words) => {
  expect(toBrowser(userAgent)).toBe(words)
})

test('a session without a user agent has a name all the same', () => {
  expect(toBrowser(null)).toBe('Unknown browser')
})
