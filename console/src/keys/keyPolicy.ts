import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { useMatcher } from '../ui/matcher.ts'
import { usePolicies } from './policies.ts'
import { details } from './policy.ts'
import type { Policy } from './policyDocuments.ts'

/** What a policy looks at in the form of a key. */
export type GovernedState = {
  readonly name: string
  readonly type: string
  readonly purpose: string
  readonly application: string
  readonly environment: string
  readonly fields: Readonly<Record<string, string>>
}

export type Breach = { readonly name: string; readonly message: string }

const isEmpty = (text: string | undefined) => (text ?? '').trim() === ''

function* fieldBreaches(policy: Policy, state: GovernedState): Generator<Breach> {
  for (const { value, label, member } of details) {
    if (policy.requiredDetails.includes(value) && isEmpty(state[member])) {
      yield { name: member, message: `${label} is required for ${policy.keyType} keys` }
    }
  }
  for (const { name, required } of policy.fields) {
    if (required && isEmpty(state.fields[name])) {
      yield { name: `fields.${name}`, message: `${name} is required for ${policy.keyType} keys` }
    }
  }
}

function hasChanged(state: GovernedState, before: GovernedState): boolean {
  const said = ({ purpose, application, environment, fields }: GovernedState) =>
    JSON.stringify([purpose, application, environment, fields])
  return said(state) !== said(before)
}

/**
 * What the policy of its type refuses about a key, told at the fields while one types. An edit is judged only by what
 * it changes, as the server does; another type asks for everything.
 */
export function toBreaches(
  policy: Policy | null,
  matches: ((name: string) => boolean) | null,
  state: GovernedState,
  before: GovernedState | null,
): readonly Breach[] {
  if (policy === null) return []
  const isNew = before === null || before.type !== state.type
  const name = state.name.trim()
  const isNamedBadly = (isNew || before.name !== name) && name.length >= 3 && matches !== null && !matches(name)
  return [
    ...(isNamedBadly ? [{ name: 'name', message: `Names of ${policy.keyType} keys look like ${toLike(policy)}` }] : []),
    ...(isNew || hasChanged(state, before) ? fieldBreaches(policy, state) : []),
  ]
}

/** `“search-prod” or “search-dev”` */
export function toLike({ namingExamples }: Pick<Policy, 'namingExamples'>): string {
  return namingExamples.map((name) => `“${name}”`).join(' or ')
}

/** The types to choose among, the policy of the chosen one, and what it refuses in the form. */
export function useKeyPolicy(state: GovernedState, before: GovernedState | null, pause?: MaybeRefOrGetter<boolean>) {
  const { types, policyOf } = usePolicies(() => toValue(pause) ?? false)
  const policy = computed(() => policyOf(state.type))
  const matcher = useMatcher(() => policy.value?.namingPattern ?? '')
  const judge = () => [...toBreaches(policy.value, matcher.value.test, state, before)]
  return { types, policy, judge }
}
