import { expect, test } from 'vitest'
import { any, refusalToAnswer, refusalToReview, reviewSchema, stateLook, toInput } from './review.ts'

const now = Date.parse('2026-11-23T12:00:00Z')
const open = { closedAt: null, dueAt: '2026-12-23T12:00:00Z' }

test('a review is open, due soon, ending, ended', () => {
  const looks = [
    open,
    { closedAt: null, dueAt: '2026-11-25T00:00:00Z' },
    { closedAt: null, dueAt: '2026-11-23T00:00:00Z' },
    { closedAt: '2026-11-23T00:00:00Z', dueAt: '2026-11-23T00:00:00Z' },
  ].map((review) => stateLook(review, now).label)
  expect(looks).toEqual(['Open', 'Due soon', 'Ending', 'Ended'])
})

test('nobody answers after the end, and auditors not at all', () => {
  expect(refusalToReview({ role: 'USER' }, open, now)).toBeNull()
  expect(refusalToReview({ role: 'AUDITOR' }, open, now)).not.toBeNull()
  expect(refusalToReview({ role: 'USER' }, { ...open, dueAt: '2026-11-23T11:59:59Z' }, now)).not.toBeNull()
})

test('a kept key can still be expired, an expired one stays so', () => {
  expect(refusalToAnswer([{ decision: 'KEPT' }, { decision: null }])).toBeNull()
  expect(refusalToAnswer([{ decision: 'KEPT' }, { decision: 'EXPIRED' }])).not.toBeNull()
})

test('what is not narrowed stays open, and a group is named only when a group reviews', () => {
  const state = {
    name: ' Autumn ',
    reviewer: 'OWNER' as const,
    reviewerGroupId: 'g',
    keyType: any,
    providerId: 'p',
    ownerId: '',
    dueOn: '2026-12-24',
    expireUnanswered: true,
    repeatDays: '90',
  }
  expect(toInput(state)).toMatchObject({
    name: 'Autumn',
    reviewerGroupId: null,
    keyType: null,
    providerId: 'p',
    ownerId: null,
    repeatDays: 90,
  })
  expect(reviewSchema.safeParse({ ...state, reviewer: 'GROUP', reviewerGroupId: '' }).success).toBe(false)
  expect(reviewSchema.safeParse({ ...state, repeatDays: '6' }).success).toBe(false)
})
