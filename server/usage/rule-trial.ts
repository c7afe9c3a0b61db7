import type { Role } from '../generated/prisma/enums.ts'
import { compileRestrictions, type Restrictions } from '../keys/restriction.ts'
import type { RuleIndex } from '../rules/evaluate.ts'
import type { Traffic } from './try-rule.store.ts'

/** Sums of what a rule would have changed. */
export type TrialSum = { readonly requests: number; readonly keys: number; readonly users: number }

/** One combination that a rule would have changed; `allowed` says to what. */
export type TrialExample = Traffic & { readonly allowed: boolean }

export type RuleTrial = {
  readonly from: Date
  readonly to: Date
  /** All requests that rules decided on. */
  readonly requests: number
  readonly newlyRefused: TrialSum
  readonly newlyAllowed: TrialSum
  /** Those with the most requests first, of both kinds. */
  readonly examples: readonly TrialExample[]
}

export type Person = { readonly role: Role; readonly groupIds: readonly string[] }

export const MAX_TRIAL_DAYS = 30
const MAX_EXAMPLES = 10

type Needs = {
  readonly before: RuleIndex
  readonly after: RuleIndex
  readonly people: ReadonlyMap<string, Person>
  readonly restrictions: ReadonlyMap<string, Restrictions>
}

/** What differs between two sets of rules, decided once for each combination. */
export function compareRules(traffic: readonly Traffic[], needs: Needs): Omit<RuleTrial, 'from' | 'to'> {
  const allows = modelRestrictions(needs.restrictions)
  const changed: TrialExample[] = []
  let requests = 0
  for (const one of traffic) {
    const person = needs.people.get(one.ownerId)
    // What the key itself is restricted to is refused with any rules.
    if (!person || !allows(one)) continue
    requests += one.requests
    const question = { userId: one.ownerId, providerId: one.providerId, model: one.model, ...person }
    const allowed = needs.after.decide(question).allowed
    if (allowed !== needs.before.decide(question).allowed) changed.push({ ...one, allowed })
  }
  return {
    requests,
    newlyRefused: sum(changed.filter(({ allowed }) => !allowed)),
    newlyAllowed: sum(changed.filter(({ allowed }) => allowed)),
    examples: changed.toSorted((a, b) => b.requests - a.requests || order(a, b)).slice(0, MAX_EXAMPLES),
  }
}

const order = (a: Traffic, b: Traffic) => (`${a.keyId} ${a.model}` < `${b.keyId} ${b.model}` ? -1 : 1)

const sum = (examples: readonly TrialExample[]): TrialSum => ({
  requests: examples.reduce((total, { requests }) => total + requests, 0),
  keys: new Set(examples.map(({ keyId }) => keyId)).size,
  users: new Set(examples.map(({ ownerId }) => ownerId)).size,
})

function modelRestrictions(restrictions: ReadonlyMap<string, Restrictions>): (one: Traffic) => boolean {
  const compiled = new Map([...restrictions].map(([id, one]) => [id, compileRestrictions(one)]))
  return ({ keyId, model }) => compiled.get(keyId)?.allowsModel(model) ?? true
}
