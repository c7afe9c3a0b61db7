import { z } from 'zod'
import type { LimitMetric, LimitPeriod, LimitTarget } from '../generated/prisma/enums.ts'
import { optionalText, name as text } from '../lib/text.ts'

/** A limit as rows have it. */
export type Limit = {
  readonly id: string
  readonly name: string | null
  readonly target: LimitTarget
  readonly keyId: string | null
  readonly userId: string | null
  readonly groupId: string | null
  readonly providerId: string | null
  readonly modelPattern: string | null
  readonly metric: LimitMetric
  readonly period: LimitPeriod | null
  readonly amount: bigint
  readonly raisedAmount: bigint | null
  readonly raisedUntil: Date | null
  readonly enabled: boolean
  readonly allowUnpriced: boolean
  readonly createdAt: Date
  readonly deletedAt: Date | null
  readonly version: number
}

/** What it allows at this instant: the raised amount while the raise lasts. */
export const amountAt = ({ amount, raisedAmount, raisedUntil }: Limit, now: Date): bigint =>
  raisedAmount !== null && raisedUntil !== null && raisedUntil > now ? raisedAmount : amount

type Kind = Pick<Limit, 'metric' | 'period'>

/** A short window of requests or tokens: "slow down", not "used up". */
export const isRate = ({ metric, period }: Kind): boolean =>
  metric !== 'MONEY' && (period === 'MINUTE' || period === 'HOUR')

/** What a caller over it is told (CONTRACT.md, errors). */
export function refusalCodeOf(limit: Kind) {
  if (limit.metric === 'CONCURRENCY') return 'concurrency_limit_exceeded' as const
  return isRate(limit) ? ('rate_limit_exceeded' as const) : ('insufficient_quota' as const)
}

const TARGETS: Readonly<Record<LimitTarget, string>> = {
  KEY: 'this API key',
  USER: 'the owner of this API key',
  GROUP: 'a group of the owner of this API key',
  PROVIDER: 'the provider',
  MODEL: 'the model',
  EVERYTHING: 'this installation',
}
const METRICS: Readonly<Record<LimitMetric, string>> = {
  REQUESTS: 'requests',
  TOKENS: 'tokens',
  CONCURRENCY: 'requests at once',
  MONEY: 'money',
}
const PERIODS: Readonly<Record<LimitPeriod, string>> = {
  MINUTE: 'per minute',
  HOUR: 'per hour',
  DAY: 'per day',
  WEEK: 'per week',
  MONTH: 'per month',
  TOTAL: 'in total',
}

/** The limit in words that name nobody: "requests per minute of this API key". */
export function describeLimit({ metric, period, target }: Pick<Limit, 'metric' | 'period' | 'target'>): string {
  return [METRICS[metric], ...(period ? [PERIODS[period]] : []), 'of', TARGETS[target]].join(' ')
}

const MAX_AMOUNT = 1_000_000_000_000_000n

const amount = z.bigint().min(0n, 'must be 0 or more.').max(MAX_AMOUNT, `must be ${MAX_AMOUNT} or less.`)

const raise = { raisedAmount: amount.nullish(), raisedUntil: z.date().nullish() }

const isWholeRaise = (edit: { readonly raisedAmount?: unknown; readonly raisedUntil?: unknown }) =>
  (edit.raisedAmount == null) === (edit.raisedUntil == null)
const RAISE = { path: ['raisedUntil'], message: 'A raise needs both its amount and its end.' }

const MEMBERS = {
  KEY: 'keyId',
  USER: 'userId',
  GROUP: 'groupId',
  PROVIDER: 'providerId',
  MODEL: 'modelPattern',
  EVERYTHING: null,
} as const satisfies Record<LimitTarget, string | null>

const TARGET_MEMBERS = ['keyId', 'userId', 'groupId', 'providerId', 'modelPattern'] as const

const shape = z.object({
  target: z.enum(['KEY', 'USER', 'GROUP', 'PROVIDER', 'MODEL', 'EVERYTHING']),
  keyId: z.string().nullish(),
  userId: z.string().nullish(),
  groupId: z.string().nullish(),
  providerId: z.string().nullish(),
  modelPattern: text({ min: 1, max: 200 }).nullish(),
  metric: z.enum(['REQUESTS', 'TOKENS', 'CONCURRENCY', 'MONEY']),
  period: z.enum(['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'TOTAL']).nullish(),
  amount,
  allowUnpriced: z.boolean().nullish(),
})

function checkShape(limit: z.infer<typeof shape>, context: z.RefinementCtx): void {
  const wanted = MEMBERS[limit.target]
  const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
  for (const member of TARGET_MEMBERS) {
    const given = limit[member] != null
    if (member === wanted && !given) refuse(member, `is needed for the target ${limit.target}.`)
    if (member !== wanted && given) refuse(member, `does not belong to the target ${limit.target}.`)
  }
  if (limit.metric === 'CONCURRENCY' && limit.period != null) {
    refuse('period', 'does not belong to requests at once.')
  }
  if (limit.metric !== 'CONCURRENCY' && limit.period == null) refuse('period', 'is needed for this metric.')
}

/** What a limit counts, whom, and how much: the part that can be tried unsaved. */
export const limitShape = shape.superRefine(checkShape)

export const newLimitSchema = shape
  .extend({ name: optionalText(64), enabled: z.boolean().nullish(), ...raise })
  .superRefine(checkShape)
  .refine(isWholeRaise, RAISE)

/** What can be changed; what it counts and whom stays as it is. Null takes a name or a raise away. */
export const limitEditSchema = z
  .object({
    name: optionalText(64).optional(),
    amount: amount.optional(),
    enabled: z.boolean().optional(),
    allowUnpriced: z.boolean().optional(),
    ...raise,
  })
  .refine(isWholeRaise, RAISE)
