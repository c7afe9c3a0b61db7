import { z } from 'zod'
import { endOfLocalDay } from '../ui/instants.ts'
import type { Look } from '../ui/StatusBadge.vue'
import type { Viewer } from '../users/viewer.ts'
import type { Review, ReviewItem } from './reviewDocuments.ts'

export const reviewers = [
  { value: 'OWNER', label: 'Each owner', words: 'Each owner answers for own keys' },
  { value: 'GROUP', label: 'A group', words: 'The members of a group answer' },
  { value: 'ADMINISTRATORS', label: 'Administrators', words: 'Administrators answer' },
] as const satisfies readonly { value: Review['reviewer']; label: string; words: string }[]

/** Who answers, as a word for a list and as a sentence. */
export function toReviewer({ reviewer }: Pick<Review, 'reviewer'>) {
  return reviewers.find((one) => one.value === reviewer) ?? reviewers[0]
}

const decisionLooks = {
  KEPT: { label: 'Kept', icon: 'i-lucide-circle-check', color: 'success' },
  EXPIRED: { label: 'Expired', icon: 'i-lucide-circle-x', color: 'error' },
} as const satisfies Record<NonNullable<ReviewItem['decision']>, Look>

export function decisionLook(decision: ReviewItem['decision']): Look {
  return decision ? decisionLooks[decision] : { label: 'Open', icon: 'i-lucide-circle-dashed', color: 'neutral' }
}

/** An ended review, one whose time is over and that is about to end, or one in progress. */
export function stateLook(review: Pick<Review, 'closedAt' | 'dueAt'>, now: number): Look {
  if (review.closedAt) return { label: 'Ended', icon: 'i-lucide-lock', color: 'neutral' }
  const leftMs = Date.parse(review.dueAt) - now
  if (leftMs <= 0) return { label: 'Ending', icon: 'i-lucide-clock-alert', color: 'warning' }
  if (leftMs <= 3 * 86_400_000) return { label: 'Due soon', icon: 'i-lucide-clock-alert', color: 'warning' }
  return { label: 'Open', icon: 'i-lucide-circle-dot', color: 'info' }
}

/** Why this viewer may not answer for keys of the review, or null. Who sees a review and reads not only, answers. */
export function refusalToReview(viewer: Pick<Viewer, 'role'>, review: Pick<Review, 'closedAt' | 'dueAt'>, now: number) {
  if (viewer.role === 'AUDITOR') return 'Auditors read and change nothing.'
  return review.closedAt || Date.parse(review.dueAt) <= now ? 'The review has ended.' : null
}

/** Why these keys cannot be answered for together, or null. What was expired stays expired. */
export function refusalToAnswer(items: readonly Pick<ReviewItem, 'decision'>[]): string | null {
  return items.some((item) => item.decision === 'EXPIRED') ? 'What was expired stays expired.' : null
}

/** Stands for "any": a menu cannot hold an empty value. */
export const any = 'any'

export const reviewSchema = z
  .object({
    name: z.string().trim().min(3, 'At least 3 characters').max(64, 'At most 64 characters'),
    reviewer: z.enum(['OWNER', 'GROUP', 'ADMINISTRATORS']),
    reviewerGroupId: z.string(),
    keyType: z.string(),
    providerId: z.string(),
    ownerId: z.string(),
    dueOn: z.string().min(1, 'Choose a day'),
    expireUnanswered: z.boolean(),
    repeatDays: z
      .string()
      .trim()
      .refine(
        (text) => text === '' || (/^\d{1,4}$/.test(text) && Number(text) >= 7 && Number(text) <= 3650),
        'A whole number, 7 to 3650',
      ),
  })
  .refine((state) => state.reviewer !== 'GROUP' || state.reviewerGroupId !== '', {
    path: ['reviewerGroupId'],
    error: 'Choose a group',
  })

export type ReviewState = z.infer<typeof reviewSchema>

const orNull = (value: string) => (value === '' || value === any ? null : value)

/** The review as the API takes it; it is due at the end of the chosen day. */
export function toInput(state: ReviewState) {
  return {
    name: state.name.trim(),
    reviewer: state.reviewer,
    reviewerGroupId: state.reviewer === 'GROUP' ? state.reviewerGroupId : null,
    keyType: orNull(state.keyType),
    providerId: orNull(state.providerId),
    ownerId: orNull(state.ownerId),
    dueAt: endOfLocalDay(state.dueOn) ?? '',
    expireUnanswered: state.expireUnanswered,
    repeatDays: state.repeatDays.trim() === '' ? null : Number(state.repeatDays),
  }
}
