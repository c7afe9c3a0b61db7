import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import { literally } from '../lib/search.ts'
import type { Group, GroupUses } from './group.ts'

type Where = Prisma.GroupWhereInput

/** What a list of groups may be narrowed to. Null and undefined do not narrow. */
export type GroupFilter = {
  readonly search?: string | null | undefined
  readonly memberId?: string | null | undefined
}

export const toWhere = ({ search, memberId }: GroupFilter): Where => ({
  deletedAt: null,
  ...(search && { name: { contains: literally(search), mode: 'insensitive' } }),
  ...(memberId && { members: { some: { userId: memberId } } }),
})

export const listGroups = (tx: Tx, where: Where, keyset: Keyset, query: object): Promise<Group[]> =>
  tx.group.findMany({
    ...query,
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })

export const countGroups = (tx: Tx, where: Where) => tx.group.count({ where })

export const findGroup = (tx: Tx, where: Where): Promise<Group | null> => tx.group.findFirst({ where })

/**
 * The row, not deleted, locked until the transaction ends. `FOR UPDATE`, which also waits for those who are about to
 * point at it: a group is not deleted under a rule that is being made.
 */
export async function lockGroup(tx: Tx, id: string): Promise<Group | null> {
  await tx.$queryRaw`SELECT 1 FROM groups WHERE id = ${id}::uuid FOR UPDATE`
  return tx.group.findFirst({ where: { id, deletedAt: null } })
}

export const insertGroup = (tx: Tx, data: Prisma.GroupUncheckedCreateInput): Promise<Group> => tx.group.create({ data })

export const updateGroup = (tx: Tx, id: string, data: Prisma.GroupUncheckedUpdateInput): Promise<Group> =>
  tx.group.update({ where: { id }, data: { ...data, version: { increment: 1 } } })

/** People of these ids who are not deleted: id and username. */
export const findPeople = (tx: Tx, ids: readonly string[]) =>
  tx.user.findMany({ where: { id: { in: [...ids] }, deletedAt: null }, select: { id: true, username: true } })

/** Makes them members and answers the ids of those who were none before. */
export async function addMembers(tx: Tx, groupId: string, ids: readonly string[], at: Date): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    INSERT INTO group_members (group_id, user_id, added_at)
    SELECT ${groupId}::uuid, id, ${at}::timestamptz FROM unnest(${ids}::uuid[]) AS id
    ON CONFLICT DO NOTHING RETURNING user_id AS id`
  return rows.map(({ id }) => id)
}

/** Ends their membership and answers the ids of those who were members. */
export async function removeMembers(tx: Tx, groupId: string, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    DELETE FROM group_members WHERE group_id = ${groupId}::uuid AND user_id = ANY(${ids}::uuid[])
    RETURNING user_id AS id`
  return rows.map(({ id }) => id)
}

/** What relies on the group. */
export async function countUses(tx: Tx, id: string): Promise<GroupUses> {
  const where = { groupId: id, deletedAt: null }
  return {
    rules: await tx.rule.count({ where }),
    limits: await tx.limit.count({ where }),
    policies: await tx.policy.count({ where: { approverGroupId: id } }),
    reviews: await tx.accessReview.count({ where: { reviewerGroupId: id, closedAt: null } }),
  }
}
