import { expect, test } from 'vitest'
import type { Viewer } from '../users/viewer.ts'
import { refusalToAnswer, refusalToClaim, refusalToWithdraw, toLook } from './request.ts'

const person = (id: string, role: Viewer['role'] = 'USER'): Viewer => ({
  id,
  role,
  username: id,
  displayName: id,
  email: null,
  createdAt: '2026-01-01T00:00:00.000Z',
})
const asked = { status: 'PENDING' as const, ownerId: 'ann', requesterId: 'ann', claimedAt: null }
const approved = { ...asked, status: 'APPROVED' as const }

test('nobody answers their own request unless the installation allows it, and auditors answer none', () => {
  expect(refusalToAnswer(person('bob'), asked, false)).toBeNull()
  expect(refusalToAnswer(person('ann', 'ADMINISTRATOR'), asked, false)).toContain('your own')
  expect(refusalToAnswer(person('root', 'ADMINISTRATOR'), { ...asked, requesterId: 'root' }, false)).toContain(
    'your own',
  )
  expect(refusalToAnswer(person('ann', 'ADMINISTRATOR'), asked, true)).toBeNull()
  expect(refusalToAnswer(person('eve', 'AUDITOR'), asked, true)).not.toBeNull()
  expect(refusalToAnswer(person('bob'), approved, false)).not.toBeNull()
})

test('the secret is for who asked, once, after the approval', () => {
  expect(refusalToClaim(person('ann'), approved)).toBeNull()
  expect(refusalToClaim(person('ann'), asked)).not.toBeNull()
  expect(refusalToClaim(person('bob'), approved)).not.toBeNull()
  expect(refusalToClaim(person('ann'), { ...approved, claimedAt: '2026-11-23T00:00:00Z' })).toContain('Rotate')
})

test('only who asked takes a request back, while it is open', () => {
  expect(refusalToWithdraw(person('ann'), asked)).toBeNull()
  expect(refusalToWithdraw(person('bob'), asked)).not.toBeNull()
  expect(refusalToWithdraw(person('ann'), approved)).not.toBeNull()
})

test('an approved request says that its secret waits until it was taken', () => {
  expect(toLook(approved).label).toBe('Secret waits')
  expect(toLook({ ...approved, claimedAt: '2026-11-23T00:00:00Z' }).label).toBe('Approved')
})
