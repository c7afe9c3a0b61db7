import type { Tx } from '../lib/db.ts'
import { InvalidInput, type Problem } from '../lib/problems.ts'
import type { ApiKeyRow } from './keys.store.ts'
import * as store from './policies.store.ts'
import { type Policy, type PolicyRules, storedFieldsSchema } from './policy.ts'
import * as check from './policy-check.ts'
import type { Restrictions } from './restriction.ts'

type Values = Omit<check.CheckedKey, 'since'> & { readonly ownerId: string; readonly type: string }

const throwFirst = (breaches: Iterable<Problem>) => {
  for (const breach of breaches) throw breach
}

async function requireRoom(tx: Tx, { maxKeysPerUser }: PolicyRules, { ownerId, type }: Values, now: Date) {
  if (maxKeysPerUser === null) return
  if ((await store.countLivingKeys(tx, ownerId, type, now)) >= maxKeysPerUser) {
    throw new check.TooManyKeys(maxKeysPerUser)
  }
}

/** Every field that is given must be one that the policy has. */
function requireKnownFields(rules: PolicyRules | null, fields: Readonly<Record<string, string>>) {
  const known = rules?.fields.map(({ name }) => name) ?? []
  const issues = Object.keys(fields).flatMap((name) =>
    known.includes(name) ? [] : [{ path: 'fields', message: `has “${name}”, which keys of this type do not have.` }],
  )
  if (issues.length > 0) throw new InvalidInput(issues)
}

/**
 * The policy that a new key has just been checked against, if its type has one. Throws what the policy refuses:
 * `NamingRuleViolated`, `FieldRequired`, `LifetimeTooLong`, `ProviderNotAllowed`, `TooManyKeys`.
 */
export async function followWithNew(tx: Tx, policy: Policy | null, key: Values, now: Date): Promise<void> {
  requireKnownFields(policy, key.fields)
  if (!policy) return
  throwFirst(check.breachesOf(policy, { ...key, since: now }))
  await requireRoom(tx, policy, key, now)
}

/**
 * Checks an edit against the policy of the key's type. What the edit does not touch may stay as it was: a key from
 * before a policy can still be renamed or shortened. A change of type asks for everything.
 */
export async function followWithEdit(tx: Tx, before: ApiKeyRow, after: Values & Restrictions, by: By): Promise<void> {
  const { now } = by
  const policy = await store.findPolicy(tx, { keyType: after.type })
  const known = storedFieldsSchema.parse(before.fields)
  const fieldsChanged = JSON.stringify(known) !== JSON.stringify(after.fields)
  if (fieldsChanged) requireKnownFields(policy, after.fields)
  if (!policy) return
  if (policy.approvalRequired && !by.mayWiden) requireApproved(before, after)
  const key = { ...after, since: (await store.findSecretAge(tx, before.id)) ?? now }
  if (after.type !== before.type) {
    throwFirst(check.breachesOf(policy, key))
    return requireRoom(tx, policy, after, now)
  }
  if (after.name !== before.name) throwFirst(check.nameBreaches(policy, key))
  const details = ['purpose', 'application', 'environment'] as const
  if (fieldsChanged || details.some((detail) => after[detail] !== before[detail])) {
    throwFirst(check.fieldBreaches(policy, key))
  }
  if (isLater(after.expiresAt, before.expiresAt)) throwFirst(check.lifetimeBreaches(policy, key))
}

/** `mayWiden`: an administrator, who could approve it just as well. */
type By = { readonly now: Date; readonly mayWiden: boolean }

/** What somebody approved is not made more by its owner afterwards. Another type that needs approval is another key. */
function requireApproved(before: ApiKeyRow, after: Values & Restrictions) {
  const lists = ['models', 'addresses', 'endpoints'] as const
  const widened = lists.filter((list) => JSON.stringify(before[list]) !== JSON.stringify(after[list]))
  const paths = [
    ...(after.type === before.type ? [] : ['type']),
    ...(isLater(after.expiresAt, before.expiresAt) ? ['expiresAt'] : []),
    ...widened,
  ]
  const message = 'needs approval: ask for a new key, or ask an administrator.'
  if (paths.length > 0) throw new InvalidInput(paths.map((path) => ({ path, message })))
}

const isLater = (after: Date | null, before: Date | null) => before !== null && (after === null || after > before)

/** A restored key counts again. Throws `TooManyKeys`. */
export async function followWithRestored(tx: Tx, key: ApiKeyRow, now: Date): Promise<void> {
  const policy = await store.findPolicy(tx, { keyType: key.type })
  if (policy) await requireRoom(tx, policy, { ...key, fields: {} }, now)
}

/** What an approver makes of a key is bound by the policy too: its life begins now. Throws `LifetimeTooLong`. */
export async function followWithApproved(tx: Tx, key: ApiKeyRow, now: Date): Promise<void> {
  const policy = await store.findPolicy(tx, { keyType: key.type })
  if (policy) throwFirst(check.lifetimeBreaches(policy, { expiresAt: key.expiresAt, since: now }))
}
