import { toPlural } from '../ui/numbers.ts'
import type { Look } from '../ui/StatusBadge.vue'
import type { Policy, PolicyRollout } from './policyDocuments.ts'

const builtInTypes: readonly string[] = ['Development', 'Production', 'Emergency']

/** Why a key type cannot be deleted, or null when the server may be asked. */
export function refusalToDeleteType(type: string): string | null {
  return builtInTypes.includes(type) ? 'It comes with the product.' : null
}

export const details = [
  { value: 'PURPOSE', label: 'Purpose', member: 'purpose' },
  { value: 'APPLICATION', label: 'Application', member: 'application' },
  { value: 'ENVIRONMENT', label: 'Environment', member: 'environment' },
] as const satisfies readonly { value: Policy['requiredDetails'][number]; label: string; member: string }[]

/** Days a key lives when the policy says nothing, which is how the server reckons too. */
const otherDays = 90

/** Days that a new key lives if nobody says otherwise. */
export function toUsualDays(policy: Pick<Policy, 'defaultLifetimeDays' | 'maxLifetimeDays'> | null): number {
  return policy?.defaultLifetimeDays ?? Math.min(otherDays, policy?.maxLifetimeDays ?? otherDays)
}

function toLifetime(policy: Policy): string {
  const usual = `${toPlural(toUsualDays(policy), 'day')} by default`
  if (policy.maxLifetimeDays !== null) return `${usual}, at most ${policy.maxLifetimeDays}`
  return policy.neverAllowed ? `${usual}, may never expire` : usual
}

/** What the policy enforces, a phrase each; the first ones matter most. */
export function toEnforced(policy: Policy): readonly string[] {
  const said = [
    ...details.filter((one) => policy.requiredDetails.includes(one.value)).map((one) => one.label.toLowerCase()),
    ...policy.fields.filter((field) => field.required).map((field) => field.name),
  ]
  const restricted = [policy.models, policy.addresses, policy.endpoints].some((list) => list.length > 0)
  return [
    ...(policy.approvalRequired ? ['needs approval'] : []),
    ...(policy.namingPattern === null ? [] : [`names like “${policy.namingExamples[0] ?? policy.namingPattern}”`]),
    toLifetime(policy),
    ...(said.length > 0 ? [`must say ${said.join(', ')}`] : []),
    ...(policy.maxKeysPerUser === null ? [] : [`${toPlural(policy.maxKeysPerUser, 'key')} per user`]),
    ...(policy.providerIds.length > 0 ? [`${toPlural(policy.providerIds.length, 'provider')} only`] : []),
    ...(policy.idleDays === null ? [] : [`expires after ${toPlural(policy.idleDays, 'idle day')}`]),
    ...(policy.rotationDays === null ? [] : [`rotate every ${toPlural(policy.rotationDays, 'day')}`]),
    ...(restricted ? ['restricted at first'] : []),
    ...(policy.defaultLimits.length > 0 ? ['limited at first'] : []),
  ]
}

/** The phrases as one line that begins like a sentence. */
export function toLine(policy: Policy | null): string {
  if (policy === null) return 'No rules: any name, any lifetime.'
  const line = toEnforced(policy).join(' · ')
  return line.charAt(0).toUpperCase() + line.slice(1)
}

/** What became of older keys so far, in a few words. */
export function toRolloutText({
  choice,
  brokenKeys,
  changedKeys,
}: Pick<PolicyRollout, 'choice' | 'brokenKeys' | 'changedKeys'>): string {
  if (choice === 'CAP') return `${toPlural(changedKeys, 'key')} shortened`
  if (choice === 'ASK_OWNERS') return `Owners of ${toPlural(changedKeys, 'key')} told`
  return `${toPlural(brokenKeys, 'key')} left as they were`
}

/** How it stands. */
export const toRolloutLook = ({ finishedAt }: Pick<PolicyRollout, 'finishedAt'>): Look =>
  finishedAt === null
    ? { label: 'Running', icon: 'i-lucide-loader', color: 'info' }
    : { label: 'Done', icon: 'i-lucide-circle-check', color: 'success' }
