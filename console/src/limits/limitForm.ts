import { z } from 'zod'
import type { Limit } from './documents.ts'

/** Enough digits for any amount; money has up to six places behind the point. */
const whole = /^[1-9]\d{0,14}$/
const money = /^(?:0|[1-9]\d{0,9})(?:\.\d{1,6})?$/

const counted = {
  metric: z.enum(['REQUESTS', 'TOKENS', 'MONEY', 'CONCURRENCY']),
  period: z.enum(['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'TOTAL']),
  amount: z.string().trim(),
  allowUnpriced: z.boolean(),
}

/** Why a text is no amount of what is counted; null: it is one. */
export function amountProblem(amount: string, metric: Counted['metric']): string | null {
  if (metric !== 'MONEY') return whole.test(amount) ? null : 'Enter a whole number from 1'
  return money.test(amount) && Number(amount) > 0 ? null : 'Enter an amount, such as 50 or 12.50'
}

/** What a limit counts and how much of it, whomever it is about. */
export const countedSchema = z.object(counted).superRefine(({ metric, amount }, context) => {
  const message = amountProblem(amount, metric)
  if (message !== null) context.addIssue({ code: 'custom', path: ['amount'], message })
})

export type Counted = z.infer<typeof countedSchema>

export const limitSchema = z
  .object({
    name: z.string().trim().max(64, 'At most 64 characters'),
    target: z.enum(['KEY', 'USER', 'GROUP', 'PROVIDER', 'MODEL', 'EVERYTHING']),
    keyId: z.string(),
    userId: z.string(),
    groupId: z.string(),
    providerId: z.string(),
    modelPattern: z.string().trim().max(200, 'At most 200 characters'),
    ...counted,
    enabled: z.boolean(),
  })
  .superRefine((value, context) => {
    const told = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    for (const { message } of countedSchema.safeParse(value).error?.issues ?? []) told('amount', message)
    if (value.target === 'KEY' && value.keyId === '') told('keyId', 'Choose a key')
    if (value.target === 'USER' && value.userId === '') told('userId', 'Choose a user')
    if (value.target === 'GROUP' && value.groupId === '') told('groupId', 'Choose a group')
    if (value.target === 'PROVIDER' && value.providerId === '') told('providerId', 'Choose a provider')
    if (value.target === 'MODEL' && value.modelPattern === '')
      told('modelPattern', 'Name a model; * stands for any characters')
  })

export type LimitState = z.infer<typeof limitSchema>

/** `12.5` of the form to `12500000` of the API, digit by digit: no rounding. */
export function toMicros(text: string): string {
  const [units = '0', places = ''] = text.trim().split('.')
  return BigInt(units + places.padEnd(6, '0').slice(0, 6)).toString()
}

/** `12500000` to `12.5`. */
export function fromMicros(micros: string): string {
  const padded = micros.padStart(7, '0')
  const places = padded.slice(-6).replace(/0+$/, '')
  return `${padded.slice(0, -6)}${places === '' ? '' : `.${places}`}`
}

/** The amount as the API takes it. */
export function toApiAmount(amount: string, metric: LimitState['metric']): string {
  return metric === 'MONEY' ? toMicros(amount) : amount.trim()
}

export function fromApiAmount(amount: string, metric: LimitState['metric']): string {
  return metric === 'MONEY' ? fromMicros(amount) : amount
}

export function toState(limit: Limit | null): LimitState {
  return {
    name: limit?.name ?? '',
    target: limit?.target ?? 'USER',
    keyId: limit?.key?.id ?? '',
    userId: limit?.user?.id ?? '',
    groupId: limit?.group?.id ?? '',
    providerId: limit?.provider?.id ?? '',
    modelPattern: limit?.modelPattern ?? '',
    metric: limit?.metric ?? 'REQUESTS',
    period: limit?.period ?? 'DAY',
    amount: limit ? fromApiAmount(limit.amount, limit.metric) : '',
    allowUnpriced: limit?.allowUnpriced ?? false,
    enabled: limit?.enabled ?? true,
  }
}

/** What is open at once is not counted in periods. */
export const periodOf = ({ metric, period }: Pick<Counted, 'metric' | 'period'>) =>
  metric === 'CONCURRENCY' ? null : period

/** What a limit counts, and how much of it, as the API takes it. */
export const toCountedInput = ({ metric, period, amount, allowUnpriced }: Counted) => ({
  metric,
  period: periodOf({ metric, period }),
  amount: toApiAmount(amount, metric),
  ...(metric === 'MONEY' ? { allowUnpriced } : {}),
})

/** The same with whom it is about: only the target that was chosen. */
export function toTermsInput(state: LimitState) {
  return {
    target: state.target,
    ...toCountedInput(state),
    keyId: state.target === 'KEY' ? state.keyId : null,
    userId: state.target === 'USER' ? state.userId : null,
    groupId: state.target === 'GROUP' ? state.groupId : null,
    providerId: state.target === 'PROVIDER' ? state.providerId : null,
    modelPattern: state.target === 'MODEL' ? state.modelPattern.trim() : null,
  }
}

/** What can still be changed of a limit that is there. */
export const toInput = ({ name, enabled, ...state }: LimitState) => {
  const { metric: _metric, period: _period, ...counted } = toCountedInput(state)
  return { name: name.trim() || null, enabled, ...counted }
}
