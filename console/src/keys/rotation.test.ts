import { expect, test } from 'vitest'
import { isSettled } from './rotation.ts'

const secret = (createdAt: string, lastUsedAt: string | null) => ({ createdAt, lastUsedAt, supersededAt: null })

test('a rotation is settled when the new secret is used and the old one has been quiet since', () => {
  const fresh = secret('2026-11-23T10:00:00Z', '2026-11-23T11:00:00Z')
  expect(isSettled(fresh, secret('2026-01-01T00:00:00Z', '2026-11-23T09:59:00Z'))).toBe(true)
  expect(isSettled(fresh, secret('2026-01-01T00:00:00Z', '2026-11-23T10:30:00Z'))).toBe(false)
})

test('a new secret nobody uses yet settles nothing', () => {
  expect(isSettled(secret('2026-11-23T10:00:00Z', null), secret('2026-01-01T00:00:00Z', null))).toBe(false)
})
