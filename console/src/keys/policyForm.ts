import { z } from 'zod'
import type { VariablesOf } from '../graphql.ts'
import { type Counted, countedSchema, fromApiAmount, periodOf, toCountedInput } from '../limits/limitForm.ts'
import { keyFields, toRestrictions } from './keyForm.ts'
import type { Policy, PreviewPolicy } from './policyDocuments.ts'

/** Stands for "administrators alone": a menu cannot hold an empty value. */
export const noGroup = 'none'

const number = (max: number) =>
  z
    .string()
    .trim()
    .refine(
      (text) => text === '' || (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= max),
      `A whole number, 1 to ${max}`,
    )
const days = number(3650)
const names = z.array(z.string().trim().min(1)).max(10, 'At most 10')

/** Default limits, each of which counts something else. */
const defaultLimits = z
  .array(countedSchema)
  .max(10)
  .superRefine((all, context) => {
    const kinds = all.map((limit) => `${limit.metric} ${periodOf(limit)}`)
    for (const [index, kind] of kinds.entries()) {
      if (kinds.indexOf(kind) === index) continue
      context.addIssue({ code: 'custom', path: [index, 'metric'], message: 'There is one like this above' })
    }
  })

/** The same bounds as the server's; whether the examples prove the pattern is told beside it, by the same engine. */
export const policySchema = z
  .object({
    namingPattern: z.string().max(200, 'At most 200 characters'),
    namingExamples: names,
    namingCounterexamples: names,
    requiredDetails: z.array(z.enum(['PURPOSE', 'APPLICATION', 'ENVIRONMENT'])),
    fields: z
      .array(
        z.object({
          name: z.string().trim().min(1, 'Name the field').max(64, 'At most 64 characters'),
          required: z.boolean(),
          choices: z.array(z.string()).max(50, 'At most 50 choices'),
        }),
      )
      .max(20),
    defaultLifetimeDays: days,
    maxLifetimeDays: days,
    neverAllowed: z.boolean(),
    approvalRequired: z.boolean(),
    approverGroupId: z.string(),
    maxKeysPerUser: number(10_000),
    providerIds: z.array(z.string()),
    models: keyFields.models,
    addresses: keyFields.addresses,
    endpoints: keyFields.endpoints,
    idleDays: days,
    rotationDays: days,
    limits: defaultLimits,
  })
  .superRefine((state, context) => {
    const told = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (state.namingPattern !== '' && state.namingExamples.length === 0) {
      told('namingExamples', 'Give one name that matches')
    }
    if (state.maxLifetimeDays === '') return
    if (Number(state.defaultLifetimeDays) > Number(state.maxLifetimeDays)) {
      told('defaultLifetimeDays', 'At most the maximum')
    }
  })

export type PolicyState = z.infer<typeof policySchema>

const text = (value: number | null | undefined) => (value === null || value === undefined ? '' : String(value))
const orNone = (value: string) => (value.trim() === '' ? null : Number(value))

/** The form as it opens: the policy, or one that demands nothing. */
export function toState(policy: Policy | null): PolicyState {
  return {
    namingPattern: policy?.namingPattern ?? '',
    namingExamples: [...(policy?.namingExamples ?? [])],
    namingCounterexamples: [...(policy?.namingCounterexamples ?? [])],
    requiredDetails: [...(policy?.requiredDetails ?? [])],
    fields: (policy?.fields ?? []).map(({ name, required, choices }) => ({ name, required, choices: [...choices] })),
    defaultLifetimeDays: text(policy?.defaultLifetimeDays),
    maxLifetimeDays: text(policy?.maxLifetimeDays),
    neverAllowed: policy?.neverAllowed ?? false,
    approvalRequired: policy?.approvalRequired ?? false,
    approverGroupId: policy?.approverGroupId ?? noGroup,
    maxKeysPerUser: text(policy?.maxKeysPerUser),
    providerIds: [...(policy?.providerIds ?? [])],
    models: [...(policy?.models ?? [])],
    addresses: [...(policy?.addresses ?? [])],
    endpoints: [...(policy?.endpoints ?? [])],
    idleDays: text(policy?.idleDays),
    rotationDays: text(policy?.rotationDays),
    limits: (policy?.defaultLimits ?? []).map(toCounted),
  }
}

const toCounted = ({ metric, period, amount, allowUnpriced }: Policy['defaultLimits'][number]): Counted => ({
  metric,
  period: period ?? 'DAY',
  amount: fromApiAmount(amount, metric),
  allowUnpriced,
})

/** The default limits as the API takes them; null: they are what they were. */
export function toChangedLimits(state: PolicyState, policy: Policy | null) {
  const [limits, known] = [state.limits.map(toCountedInput), toState(policy).limits.map(toCountedInput)]
  return JSON.stringify(limits) === JSON.stringify(known) ? null : limits
}

/** Every rule as the API takes it. A pattern that is gone takes its examples along. */
export function toRules(state: PolicyState): VariablesOf<typeof PreviewPolicy>['rules'] {
  const isNamed = state.namingPattern !== ''
  return {
    namingPattern: isNamed ? state.namingPattern : null,
    namingExamples: isNamed ? state.namingExamples : [],
    namingCounterexamples: isNamed ? state.namingCounterexamples : [],
    requiredDetails: state.requiredDetails,
    fields: state.fields.map((field) => ({ ...field, name: field.name.trim() })),
    defaultLifetimeDays: orNone(state.defaultLifetimeDays),
    maxLifetimeDays: orNone(state.maxLifetimeDays),
    neverAllowed: state.neverAllowed && state.maxLifetimeDays.trim() === '',
    approvalRequired: state.approvalRequired,
    approverGroupId: state.approvalRequired && state.approverGroupId !== noGroup ? state.approverGroupId : null,
    maxKeysPerUser: orNone(state.maxKeysPerUser),
    providerIds: state.providerIds,
    ...toRestrictions(state),
    idleDays: orNone(state.idleDays),
    rotationDays: orNone(state.rotationDays),
  }
}
