import { z } from 'zod'
import type { ReviewDecision, Reviewer } from '../generated/prisma/enums.ts'
import { Problem } from '../lib/problems.ts'
import { isId, name, optionalText } from '../lib/text.ts'

export type { ReviewDecision, Reviewer }

export const DAY_MS = 86_400_000
/** Days before the end at which reviewers with open answers are reminded. */
export const REMIND_DAYS = 3

/** A review as audit entries and notices name one. */
export const subjectOf = ({ id, name }: { readonly id: string; readonly name: string }) => ({
  subjectType: 'AccessReview',
  subjectId: id,
  subjectName: name,
})

const id = z.string().refine(isId, 'is not an id.').nullish()

/** The form of a new review; what it refers to is checked against the database. */
export const newReviewSchema = (now: Date) =>
  z
    .object({
      name: name(),
      reviewer: z.enum(['OWNER', 'GROUP', 'ADMINISTRATORS']),
      reviewerGroupId: id,
      keyType: z.string().max(64).nullish(),
      providerId: id,
      ownerId: id,
      expireUnanswered: z.boolean(),
      repeatDays: z.int().min(7, 'must be 7 or more.').max(3650, 'must be 3650 or less.').nullish(),
      dueAt: z.date().refine((at) => at > now, 'must be in the future.'),
    })
    .refine(({ reviewer, reviewerGroupId }) => (reviewer === 'GROUP') === (reviewerGroupId != null), {
      path: ['reviewerGroupId'],
      message: 'must be given exactly when a group reviews.',
    })

export const answerSchema = z.object({
  decision: z.enum(['KEPT', 'EXPIRED']),
  comment: optionalText(500),
})

export const answersSchema = answerSchema.extend({
  ids: z.array(z.string()).min(1, 'must name one or more.').max(100, 'must name 100 or fewer.'),
})

export class ReviewClosed extends Problem {
  constructor() {
    super('This review has ended.')
  }
}
