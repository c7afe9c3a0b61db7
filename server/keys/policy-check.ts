import { getPattern } from '../lib/pattern.ts'
import { Problem } from '../lib/problems.ts'
import type { KeyDetail, PolicyRules } from './policy.ts'

/** The policy asks for names of another form. */
export class NamingRuleViolated extends Problem {
  readonly pattern: string
  readonly examples: readonly string[]
  constructor({ namingPattern, namingExamples }: Pick<PolicyRules, 'namingPattern' | 'namingExamples'>) {
    const like = namingExamples.map((example) => `“${example}”`).join(', ')
    super(`The name does not follow the naming rule of this key type. Names like ${like} do.`)
    this.pattern = namingPattern ?? ''
    this.examples = namingExamples
  }
}

/** The key would live longer than its type may, or for ever. */
export class LifetimeTooLong extends Problem {
  readonly maxLifetimeDays: number | null
  readonly latestExpiresAt: Date | null
  constructor(maxLifetimeDays: number | null, latestExpiresAt: Date | null) {
    const rule = maxLifetimeDays === null ? 'must expire' : `live ${maxLifetimeDays} days or less`
    super(`Keys of this type ${rule}.`)
    this.maxLifetimeDays = maxLifetimeDays
    this.latestExpiresAt = latestExpiresAt
  }
}

export class FieldRequired extends Problem {
  readonly field: string
  readonly choices: readonly string[]
  constructor(field: string, choices: readonly string[] = []) {
    const oneOf = choices.length > 0 ? ` It must be one of ${choices.join(', ')}.` : ''
    super(`Keys of this type must say their ${field}.${oneOf}`)
    this.field = field
    this.choices = choices
  }
}

export class TooManyKeys extends Problem {
  readonly maxKeysPerUser: number
  constructor(maxKeysPerUser: number) {
    super(`A person may have ${maxKeysPerUser} ${maxKeysPerUser === 1 ? 'key' : 'keys'} of this type.`)
    this.maxKeysPerUser = maxKeysPerUser
  }
}

export class ProviderNotAllowed extends Problem {
  constructor() {
    super('Keys of this type may not open this provider.')
  }
}

/** A key type that cannot be taken away. */
export class KeyTypeInUse extends Problem {}

const DAY_MS = 86_400_000
const OTHER_LIFETIME_DAYS = 90

/** What a policy looks at. `since`: when the key's current secret was made; a rotation starts the lifetime anew. */
export type CheckedKey = Readonly<Record<'name' | 'providerId', string>> &
  Readonly<Record<'purpose' | 'application' | 'environment', string | null>> & {
    readonly fields: Readonly<Record<string, string>>
    readonly expiresAt: Date | null
    readonly since: Date
  }

/** When a key of this type made at `since` expires if nobody says otherwise. */
export function defaultExpiry(rules: PolicyRules | null, since: Date): Date {
  const days =
    rules?.defaultLifetimeDays ?? Math.min(OTHER_LIFETIME_DAYS, rules?.maxLifetimeDays ?? OTHER_LIFETIME_DAYS)
  return new Date(since.getTime() + days * DAY_MS)
}

/** The last instant a key may live to; null: the policy sets none. */
export const latestExpiry = ({ maxLifetimeDays }: PolicyRules, since: Date): Date | null =>
  maxLifetimeDays === null ? null : new Date(since.getTime() + maxLifetimeDays * DAY_MS)

/** True when a name does not follow the naming rule. */
export const isMisnamed = ({ namingPattern }: PolicyRules, name: string): boolean =>
  namingPattern !== null && !getPattern(namingPattern).matches(name)

export function* nameBreaches(rules: PolicyRules, { name }: Pick<CheckedKey, 'name'>): Generator<Problem> {
  if (isMisnamed(rules, name)) yield new NamingRuleViolated(rules)
}

export function* lifetimeBreaches(
  rules: PolicyRules,
  key: Pick<CheckedKey, 'expiresAt' | 'since'>,
): Generator<Problem> {
  const latest = latestExpiry(rules, key.since)
  const endless = key.expiresAt === null && !rules.neverAllowed
  const late = key.expiresAt !== null && latest !== null && key.expiresAt > latest
  if (endless || late) yield new LifetimeTooLong(rules.maxLifetimeDays, latest)
}

const MEMBERS = {
  PURPOSE: 'purpose',
  APPLICATION: 'application',
  ENVIRONMENT: 'environment',
} as const satisfies Record<KeyDetail, keyof CheckedKey>

export function* fieldBreaches(rules: PolicyRules, key: CheckedKey): Generator<Problem> {
  for (const detail of rules.requiredDetails) {
    if (key[MEMBERS[detail]] === null) yield new FieldRequired(MEMBERS[detail])
  }
  for (const { name, required, choices } of rules.fields) {
    const value = Object.hasOwn(key.fields, name) ? key.fields[name] : undefined
    const missing = value === undefined && required
    const foreign = value !== undefined && choices.length > 0 && !choices.includes(value)
    if (missing || foreign) yield new FieldRequired(name, choices)
  }
}

export function* providerBreaches(rules: PolicyRules, { providerId }: Pick<CheckedKey, 'providerId'>) {
  if (rules.providerIds.length > 0 && !rules.providerIds.includes(providerId)) yield new ProviderNotAllowed()
}

/** Everything of one key that breaks the policy; how many keys its owner has is not one key's fault. */
export function* breachesOf(rules: PolicyRules, key: CheckedKey): Generator<Problem> {
  yield* nameBreaches(rules, key)
  yield* fieldBreaches(rules, key)
  yield* lifetimeBreaches(rules, key)
  yield* providerBreaches(rules, key)
}
