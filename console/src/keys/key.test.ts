import { expect, test } from 'vitest'
import type { Viewer } from '../users/viewer.ts'
import type { Key } from './documents.ts'
import { refusalToDelete, refusalToEdit, refusalToExpire, refusalToRestore, toShown } from './key.ts'

const person = (id: string, role: Viewer['role']): Viewer => ({
  id,
  role,
  username: id,
  displayName: id,
  email: null,
  createdAt: '2026-01-01T00:00:00.000Z',
})
const ada = { id: 'ada', username: 'ada', displayName: 'Ada' }
const key: Pick<Key, 'owner' | 'status' | 'deletedAt' | 'expiresAt'> = {
  owner: ada,
  status: 'ACTIVE',
  deletedAt: null,
  expiresAt: '2027-02-21T00:00:00.000Z',
}
const deleted = { ...key, status: 'DELETED' as const, deletedAt: '2026-11-01T00:00:00.000Z' }

test('an owner and an administrator may do everything with a living key', () => {
  for (const viewer of [person('ada', 'USER'), person('root', 'ADMINISTRATOR')]) {
    expect([refusalToEdit, refusalToExpire, refusalToDelete].map((ask) => ask(viewer, key))).toEqual([null, null, null])
  }
})

test('an auditor is told why nothing can be changed', () => {
  const auditor = person('eve', 'AUDITOR')
  for (const ask of [refusalToEdit, refusalToExpire, refusalToDelete])
    expect(ask(auditor, key)).toMatch(/Auditors read/)
})

test('an expired key cannot be expired again', () => {
  expect(refusalToExpire(person('ada', 'USER'), { ...key, status: 'EXPIRED' })).toMatch(/already/)
})

test('a deleted key is restored first, within 30 days', () => {
  const viewer = person('ada', 'USER')
  expect(refusalToEdit(viewer, deleted)).toMatch(/Restore it first/)
  expect(refusalToRestore(viewer, deleted, Date.parse('2026-11-23T00:00:00.000Z'))).toBeNull()
  expect(refusalToRestore(viewer, deleted, Date.parse('2026-12-02T00:00:00.000Z'))).toMatch(/30 days/)
})

test('a key shows its prefix and its last four', () => {
  expect(toShown({ prefix: 'aic_0123456789ab', lastFour: 'wxYZ' })).toBe('aic_0123456789ab…wxYZ')
})
