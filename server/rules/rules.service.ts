import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { differences } from '../lib/differences.ts'
import { NO_ROW, type Order, type PageArgs, toKeyset, toPage, toSorting } from '../lib/page.ts'
import { NameTaken, NotFound } from '../lib/problems.ts'
import { areIds, isId, parse, parseEdit } from '../lib/text.ts'
import { violationOf } from '../lib/unique.ts'
import { type Act, seesAll } from '../users/viewer.ts'
import { type NewRule, newRuleSchema, type Rule, type RuleEdit, ruleEditSchema } from './rule.ts'
import * as store from './rules.store.ts'

const SORT = {
  NAME: { column: 'name', nullable: false, dates: false },
  CREATED_AT: { column: 'createdAt', nullable: false, dates: true },
} as const

/** A page of all rules; `query` says which relations to load with them. For administrators and auditors. */
export async function listRules(
  { parts }: Act,
  args: PageArgs,
  filter: store.RuleFilter,
  order: Order<keyof typeof SORT>,
  query: object,
) {
  const where = areIds(filter.userId, filter.groupId, filter.providerId) ? store.toWhere(filter) : NO_ROW
  const sorting = toSorting(SORT, order)
  const rows = await store.listRules(parts.db.prisma, where, toKeyset(args, sorting), query)
  const page = toPage(rows, args, sorting)
  return { ...page, countAll: () => store.countRules(parts.db.prisma, where) }
}

/** Deleted ones too. Null when there is none of this id, or the viewer may see none. */
export async function findRule({ parts, viewer }: Act, id: string): Promise<Rule | null> {
  return isId(id) && seesAll(viewer) ? store.findRule(parts.db.prisma, { id }) : null
}

type Pointers = Partial<Pick<Rule, 'userId' | 'groupId' | 'providerId'>>

/** Throws `NotFound` for what a rule would point at and that does not exist. */
export async function requireTargets(tx: Tx, given: { readonly [Key in keyof Pointers]?: Pointers[Key] | undefined }) {
  const pointers = [
    ['user', given.userId],
    ['group', given.groupId],
    ['provider', given.providerId],
  ] as const
  for (const [what, id] of pointers) {
    if (id != null && !(isId(id) && (await store.holds[what](tx, id)))) throw new NotFound(what)
  }
}

const subjectOf = ({ id, name }: Rule) => ({ subjectType: 'Rule', subjectId: id, subjectName: name })

const nameTaken = violationOf('rules_name_live_key', () => new NameTaken('rule'))

/** In force when this answers, on every node. Throws `InvalidInput`, `NameTaken`, `NotFound` (what it points at). */
export async function createRule(act: Act, input: NewRule): Promise<Rule> {
  const { parts } = act
  const { enabled, ...given } = parse(newRuleSchema, input)
  const facts = {
    name: given.name,
    description: given.description ?? null,
    enabled: enabled ?? true,
    effect: given.effect,
    modelPattern: given.modelPattern,
    userId: given.userId ?? null,
    groupId: given.groupId ?? null,
    role: given.role ?? null,
    providerId: given.providerId ?? null,
    cacheSeconds: given.cacheSeconds ?? null,
    cacheShared: given.cacheShared ?? false,
  }
  return change(act, async (tx, record) => {
    await requireTargets(tx, facts)
    const rule = await store.insertRule(tx, { id: parts.random.uuidv7(), createdAt: parts.clock.now(), ...facts })
    record({ action: 'createRule', ...subjectOf(rule), after: facts })
    return rule
  }).catch(nameTaken)
}

async function getRule(tx: Tx, id: string): Promise<Rule> {
  const rule = isId(id) ? await store.lockRule(tx, id) : null
  if (!rule) throw new NotFound('rule')
  return rule
}

const NULLABLE = ['description', 'userId', 'groupId', 'role', 'providerId', 'cacheSeconds']

/** A target that is named takes the place of the others; null for one of them only takes that one away. */
function wishes({ userId, groupId, role, ...edit }: RuleEdit) {
  const isNamed = [userId, groupId, role].some((target) => target != null)
  if (!isNamed) return { ...edit, userId, groupId, role }
  return { ...edit, userId: userId ?? null, groupId: groupId ?? null, role: role ?? null }
}

/** Throws what `createRule` does, and `NotFound` for the rule itself. */
export async function updateRule(act: Act, { id, ...input }: { readonly id: string }): Promise<Rule> {
  const edit = parseEdit(ruleEditSchema, input, NULLABLE)
  return change(act, async (tx, record) => {
    const rule = await getRule(tx, id)
    const changed = differences(rule, wishes(edit))
    if (!changed) return rule
    await requireTargets(tx, changed.after)
    record({ action: 'updateRule', ...subjectOf(rule), ...changed })
    return store.updateRule(tx, id, changed.after)
  }).catch(nameTaken)
}

/** Out of force when this answers; the log goes on naming it. Throws `NotFound`. */
export async function deleteRule(act: Act, id: string): Promise<Rule> {
  return change(act, async (tx, record) => {
    const rule = await getRule(tx, id)
    const deletedAt = act.parts.clock.now()
    record({ action: 'deleteRule', ...subjectOf(rule), before: { deletedAt: null }, after: { deletedAt } })
    return store.updateRule(tx, id, { deletedAt })
  })
}
