import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { NO_ROW, type Order, type PageArgs, toKeyset, toPage, toSorting } from '../lib/page.ts'
import { NameTaken, NotFound } from '../lib/problems.ts'
import { areIds, isId, parse } from '../lib/text.ts'
import { violationOf } from '../lib/unique.ts'
import { type Group, type GroupEdit, GroupInUse, groupEditSchema, type NewGroup, newGroupSchema } from './group.ts'
import * as store from './groups.store.ts'
import { countUsers, listUsers } from './users.store.ts'
import { type Act, seesAll } from './viewer.ts'

const SORT = {
  NAME: { column: 'name', nullable: false, dates: false },
  CREATED_AT: { column: 'createdAt', nullable: false, dates: true },
} as const

/** Users see the groups they belong to; administrators and auditors see all. */
const visibleTo = ({ viewer }: Act) => (seesAll(viewer) ? {} : { members: { some: { userId: viewer.id } } })

/** A page of the groups the viewer may see; `query` says which relations to load with them. */
export async function listGroups(
  act: Act,
  args: PageArgs,
  filter: store.GroupFilter,
  order: Order<keyof typeof SORT>,
  query: object,
) {
  const { prisma } = act.parts.db
  const where = { AND: [visibleTo(act), areIds(filter.memberId) ? store.toWhere(filter) : NO_ROW] }
  const sorting = toSorting(SORT, order)
  const rows = await store.listGroups(prisma, where, toKeyset(args, sorting), query)
  const page = toPage(rows, args, sorting)
  return { ...page, countAll: () => store.countGroups(prisma, where) }
}

/** Null when there is none of this id, or it is not the viewer's to see. */
export async function findGroup(act: Act, id: string): Promise<Group | null> {
  return isId(id) ? store.findGroup(act.parts.db.prisma, { AND: [visibleTo(act), { id }] }) : null
}

const BY_USERNAME = { column: 'username', nullable: false, dates: false, direction: 'asc' } as const

/** A page of a group's members who are not deleted, by username. For administrators and auditors. */
export async function listMembers({ parts }: Act, { id }: Pick<Group, 'id'>, args: PageArgs) {
  const { prisma } = parts.db
  const where = { deletedAt: null, memberships: { some: { groupId: id } } }
  const rows = await listUsers(prisma, where, toKeyset(args, BY_USERNAME), {})
  const page = toPage(rows, args, BY_USERNAME)
  return { ...page, countAll: () => countUsers(prisma, where) }
}

const subjectOf = ({ id, name }: Group) => ({ subjectType: 'Group', subjectId: id, subjectName: name })

/** Their ids and usernames, if all of them exist; otherwise `NotFound`. */
async function getPeople(tx: Tx, ids: readonly string[]) {
  const distinct = [...new Set(ids)]
  const people = distinct.every(isId) ? await store.findPeople(tx, distinct) : []
  if (people.length !== distinct.length) throw new NotFound('user')
  return people
}

const nameTaken = violationOf('groups_name_live_key', () => new NameTaken('group'))

/** Throws `InvalidInput`, `NameTaken`, `NotFound` (a member). */
export async function createGroup(act: Act, input: NewGroup): Promise<Group> {
  const { parts } = act
  const { name, memberIds } = parse(newGroupSchema, input)
  const createdAt = parts.clock.now()
  return change(act, async (tx, record) => {
    const people = await getPeople(tx, memberIds ?? [])
    const group = await store.insertGroup(tx, { id: parts.random.uuidv7(), name, createdAt })
    const added = people.map(({ id }) => id)
    await store.addMembers(tx, group.id, added, createdAt)
    const members = people.map(({ username }) => username)
    record({ action: 'createGroup', ...subjectOf(group), after: { name, members } })
    return group
  }).catch(nameTaken)
}

async function getGroup(tx: Tx, id: string): Promise<Group> {
  const group = isId(id) ? await store.lockGroup(tx, id) : null
  if (!group) throw new NotFound('group')
  return group
}

/** Adds and removes; answers the usernames of those whose membership really changed. */
async function changeMembers({ parts }: Act, tx: Tx, id: string, edit: GroupEdit) {
  const people = await getPeople(tx, edit.addMemberIds ?? [])
  // Whoever is deleted can still be taken out; an id of nobody takes out nobody.
  const leaving = (edit.removeMemberIds ?? []).filter(isId)
  const joining = people.map((person) => person.id)
  const added = await store.addMembers(tx, id, joining, parts.clock.now())
  const removed = await store.removeMembers(tx, id, leaving)
  const gone = await store.findPeople(tx, removed)
  const nameOf = new Map([...people, ...gone].map((person) => [person.id, person.username]))
  const named = (ids: readonly string[]) => ids.map((one) => nameOf.get(one) ?? one).toSorted()
  return { added: named(added), removed: named(removed) }
}

/**
 * Changes what is given. Whoever is named in both lists is no member afterwards. Throws `InvalidInput`, `NotFound`
 * (the group or a person to add), `NameTaken`.
 */
export async function updateGroup(act: Act, { id, ...input }: GroupEdit & { readonly id: string }): Promise<Group> {
  const edit = parse(groupEditSchema, input)
  return change(act, async (tx, record) => {
    const group = await getGroup(tx, id)
    const { added, removed } = await changeMembers(act, tx, id, edit)
    const name = edit.name != null && edit.name !== group.name ? edit.name : undefined
    if (name === undefined && added.length === 0 && removed.length === 0) return group
    const after = {
      ...(name !== undefined && { name }),
      ...(added.length > 0 && { added }),
      ...(removed.length > 0 && { removed }),
    }
    const before = name !== undefined && { before: { name: group.name } }
    record({ action: 'updateGroup', ...subjectOf(group), ...before, after })
    return store.updateGroup(tx, id, name === undefined ? {} : { name })
  }).catch(nameTaken)
}

/** Hides a group for good. Throws `NotFound`, and `GroupInUse` while something relies on it. */
export async function deleteGroup(act: Act, id: string): Promise<Group> {
  return change(act, async (tx, record) => {
    const group = await getGroup(tx, id)
    const uses = await store.countUses(tx, id)
    if (Object.values(uses).some((count) => count > 0)) throw new GroupInUse(uses)
    const deletedAt = act.parts.clock.now()
    record({ action: 'deleteGroup', ...subjectOf(group), before: { deletedAt: null }, after: { deletedAt } })
    return store.updateGroup(tx, id, { deletedAt })
  })
}
