import { expect, test } from 'vitest'
import { filterNames, isOpenView, type KeyFilterValues, savedViews, toKeyFilter, toKeyOrder } from './keyList.ts'

const viewer = {
  id: 'ada',
  role: 'ADMINISTRATOR' as const,
  username: 'ada',
  displayName: 'Ada',
  email: null,
  createdAt: '2026-01-01T00:00:00.000Z',
}
const none: KeyFilterValues = {
  search: '',
  status: '',
  type: '',
  provider: '',
  owner: '',
  creator: '',
  application: '',
  environment: '',
  review: '',
  used: '',
  deleted: '',
}

test('my keys stay mine, whatever an edited address says', () => {
  expect(toKeyFilter({ ...none, owner: 'eve' }, 'mine', viewer)).toEqual({ ownerId: 'ada' })
})

test('what is not set is not asked', () => {
  expect(toKeyFilter(none, 'all', viewer)).toEqual({})
})

test('unknown values of an edited address are left out instead of failing the page', () => {
  expect(toKeyFilter({ ...none, status: 'ACTIVE,NONSENSE', used: 'maybe' }, 'all', viewer)).toEqual({
    status: ['ACTIVE'],
  })
  expect(toKeyOrder({ field: '__proto__', descending: true })).toEqual({ field: 'CREATED_AT', direction: 'DESC' })
})

test('every saved view is open after it was chosen, and no other is', () => {
  const views = savedViews('all', viewer)
  for (const view of views) {
    const values = { ...none, ...view.values }
    expect(views.filter((one) => isOpenView(one, values))).toEqual([view])
  }
  expect(Object.keys(none).sort()).toEqual([...filterNames].sort())
})

test('among my own keys there is no view of mine', () => {
  expect(savedViews('mine', viewer).map((view) => view.label)).toEqual([
    'All',
    'Expiring soon',
    'Never used',
    'Deleted',
  ])
})
