import { z } from 'zod'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { differences } from '../lib/differences.ts'
import { type Order, type PageArgs, toKeyset, toPage, toSorting } from '../lib/page.ts'
import { InvalidInput, NameTaken, NotFound } from '../lib/problems.ts'
import { isId, name, parse } from '../lib/text.ts'
import { violationOf } from '../lib/unique.ts'
import type { Act } from '../users/viewer.ts'
import { BUILT_IN_TYPES } from './key.ts'
import { requireType } from './keys.service.ts'
import { countKeys, findKeyTypes } from './keys.store.ts'
import * as store from './policies.store.ts'
import { NO_RULES, type Policy, type PolicyRules, policyRulesSchema, subjectOf } from './policy.ts'
import { KeyTypeInUse } from './policy-check.ts'

const SORT = {
  KEY_TYPE: { column: 'keyType', nullable: false, dates: false },
  CREATED_AT: { column: 'createdAt', nullable: false, dates: true },
} as const

/** A page of the policies. Whoever makes keys may read the rules. */
export async function listPolicies(
  { parts }: Act,
  args: PageArgs,
  filter: store.PolicyFilter,
  order: Order<keyof typeof SORT>,
) {
  const { prisma } = parts.db
  const where = store.toWhere(filter)
  const sorting = toSorting(SORT, order)
  const page = toPage(await store.listPolicies(prisma, where, toKeyset(args, sorting)), args, sorting)
  return { ...page, countAll: () => store.countPolicies(prisma, where) }
}

/** The policy of one key type; null: keys of it follow no rules. */
export const findPolicyOf = ({ parts }: Act, keyType: string): Promise<Policy | null> =>
  store.findPolicy(parts.db.prisma, { keyType })

/** Rules as a caller gives them: undefined leaves as it is, null takes away. */
export type PolicyEdit = { readonly [Member in keyof PolicyRules]?: PolicyRules[Member] | null | undefined }

/** The rules after an edit. Throws `InvalidInput`. */
export function toRules(current: PolicyRules, edit: PolicyEdit): PolicyRules {
  const wished: Record<string, unknown> = { ...current }
  const cleared: Readonly<Record<string, unknown>> = NO_RULES
  for (const [member, value] of Object.entries(edit)) {
    if (value !== undefined) wished[member] = value ?? cleared[member]
  }
  return parse(policyRulesSchema, wished)
}

async function requireReferences(tx: Tx, { providerIds, approverGroupId }: PolicyRules) {
  const issues: { path: string; message: string }[] = []
  if ((await store.countProviders(tx, providerIds)) !== new Set(providerIds).size) {
    issues.push({ path: 'providerIds', message: 'has one that does not exist.' })
  }
  if (approverGroupId !== null && !(await store.findGroup(tx, approverGroupId))) {
    issues.push({ path: 'approverGroupId', message: 'does not exist.' })
  }
  if (issues.length > 0) throw new InvalidInput(issues)
}

/** Gives a key type its rules. Keys that exist stay as they are. Throws `InvalidInput`, `NameTaken`. */
export async function createPolicy(act: Act, { keyType, ...edit }: PolicyEdit & { keyType: string }): Promise<Policy> {
  const rules = toRules(NO_RULES, edit)
  const { random, clock } = act.parts
  return change(act, async (tx, record) => {
    await requireType(tx, keyType)
    await requireReferences(tx, rules)
    const policy = await store.insertPolicy(tx, { id: random.uuidv7(), keyType, createdAt: clock.now() }, rules)
    record({ action: 'createPolicy', ...subjectOf(policy), after: rules })
    return policy
  }).catch(violationOf('policies_key_type_key', () => new NameTaken('policy')))
}

async function getPolicy(tx: Tx, id: string): Promise<Policy> {
  const policy = isId(id) ? await store.findPolicy(tx, { id }) : null
  if (!policy) throw new NotFound('policy')
  return policy
}

/** Changes the rules for keys from now on. Throws `InvalidInput`, `NotFound`. */
export async function updatePolicy(act: Act, { id, ...edit }: PolicyEdit & { readonly id: string }): Promise<Policy> {
  return change(act, async (tx, record) => {
    const policy = await getPolicy(tx, id)
    const rules = toRules(rulesOf(policy), edit)
    const changed = differences(policy, rules)
    if (!changed) return policy
    await requireReferences(tx, rules)
    record({ action: 'updatePolicy', ...subjectOf(policy), ...changed })
    return store.updatePolicy(tx, id, rules)
  })
}

/** The rules of a policy without what it is for. */
export const rulesOf = ({
  id: _id,
  keyType: _type,
  createdAt: _at,
  version: _version,
  ...rules
}: Policy): PolicyRules => rules

/** Takes the rules of a key type away. Throws `NotFound`. */
export async function deletePolicy(act: Act, id: string): Promise<Policy> {
  return change(act, async (tx, record) => {
    const policy = await getPolicy(tx, id)
    await store.deletePolicy(tx, id)
    record({ action: 'deletePolicy', ...subjectOf(policy), before: rulesOf(policy) })
    return policy
  })
}

const newTypeSchema = z.object({ name: name() })

/** Adds a key type, without a policy. Answers its name. Throws `InvalidInput`, `NameTaken`. */
export async function createKeyType(act: Act, input: { readonly name: string }): Promise<string> {
  const { name: typeName } = parse(newTypeSchema, input)
  return change(act, async (tx, record) => {
    const { name: made } = await store.insertKeyType(tx, typeName, act.parts.clock.now())
    record({ action: 'createKeyType', subjectType: 'KeyType', subjectId: null, subjectName: made })
    return made
  }).catch(violationOf('key_types_pkey', () => new NameTaken('key type')))
}

/** Takes a key type away that this installation added, and its policy. Throws `NotFound`, `KeyTypeInUse`. */
export async function deleteKeyType(act: Act, typeName: string): Promise<string> {
  return change(act, async (tx, record) => {
    if (!(await findKeyTypes(tx)).includes(typeName)) throw new NotFound('key type')
    if (BUILT_IN_TYPES.some((type) => type === typeName)) {
      throw new KeyTypeInUse('This key type comes with the product and stays.')
    }
    // Deleted keys count too: their record says what they were, and they can be restored.
    if ((await countKeys(tx, { type: typeName })) > 0) {
      throw new KeyTypeInUse('There are keys of this type, some perhaps deleted. Give them another type first.')
    }
    const policy = await store.findPolicy(tx, { keyType: typeName })
    if (policy) {
      await store.deletePolicy(tx, policy.id)
      record({ action: 'deletePolicy', ...subjectOf(policy), before: rulesOf(policy) })
    }
    await store.deleteKeyType(tx, typeName)
    record({ action: 'deleteKeyType', subjectType: 'KeyType', subjectId: null, subjectName: typeName })
    return typeName
  })
}
