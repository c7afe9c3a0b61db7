import { expect, test } from 'vitest'
import { isExpired, isRestorable, type KeyState, statusOf } from './key.ts'

const now = new Date('2026-11-23T12:00:00.000Z')
const later = (ms: number) => new Date(now.getTime() + ms)
const DAY = 86_400_000
const healthy: KeyState = {
  deletedAt: null,
  expiresAt: later(90 * DAY),
  pending: false,
  ownerActive: true,
  providerEnabled: true,
  secretCount: 1,
}

test.each([
  ['ACTIVE', {}],
  ['ACTIVE', { expiresAt: null }],
  ['ACTIVE', { expiresAt: later(7 * DAY + 1) }],
  ['EXPIRING', { expiresAt: later(7 * DAY) }],
  ['EXPIRING', { expiresAt: later(1) }],
  ['EXPIRED', { expiresAt: now }],
  ['EXPIRED', { expiresAt: later(-1), ownerActive: false }],
  ['ROTATING', { secretCount: 2 }],
  ['PENDING', { pending: true }],
  ['DISABLED', { ownerActive: false, pending: true }],
  ['DISABLED', { providerEnabled: false }],
  ['DELETED', { deletedAt: now, expiresAt: later(-1) }],
] as const)('a key is %s with %o', (status, state) => {
  expect(statusOf({ ...healthy, ...state }, now)).toBe(status)
})

test('a key works until its expiry instant and not at it', () => {
  expect(isExpired({ expiresAt: later(1) }, now)).toBe(false)
  expect(isExpired({ expiresAt: now }, now)).toBe(true)
})

test('a deleted key can be restored for 30 days, to the millisecond', () => {
  expect(isRestorable(later(-30 * DAY), now)).toBe(true)
  expect(isRestorable(later(-30 * DAY - 1), now)).toBe(false)
})
