import type { Prisma } from '../generated/prisma/client.ts'
import type { Role, RuleEffect } from '../generated/prisma/enums.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import { literally } from '../lib/search.ts'
import type { Rule, RuleTerms } from './rule.ts'

type Where = Prisma.RuleWhereInput

/** What a list of rules may be narrowed to. Null and undefined do not narrow. */
export type RuleFilter = {
  readonly search?: string | null | undefined
  readonly enabled?: boolean | null | undefined
  readonly effect?: RuleEffect | null | undefined
  readonly userId?: string | null | undefined
  readonly groupId?: string | null | undefined
  readonly role?: Role | null | undefined
  readonly providerId?: string | null | undefined
}

export function toWhere(filter: RuleFilter): Where {
  const { search, enabled, effect, userId, groupId, role, providerId } = filter
  const contains = search ? ({ contains: literally(search), mode: 'insensitive' } as const) : null
  return {
    deletedAt: null,
    ...(contains && { OR: [{ name: contains }, { description: contains }, { modelPattern: contains }] }),
    ...(enabled != null && { enabled }),
    ...(effect && { effect }),
    ...(userId && { userId }),
    ...(groupId && { groupId }),
    ...(role && { role }),
    ...(providerId && { providerId }),
  }
}

export const listRules = (tx: Tx, where: Where, keyset: Keyset, query: object): Promise<Rule[]> =>
  tx.rule.findMany({
    ...query,
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })

export const countRules = (tx: Tx, where: Where) => tx.rule.count({ where })

export const findRule = (tx: Tx, where: Where): Promise<Rule | null> => tx.rule.findFirst({ where })

/** The row, not deleted, locked until the transaction ends. */
export async function lockRule(tx: Tx, id: string): Promise<Rule | null> {
  await tx.$queryRaw`SELECT 1 FROM rules WHERE id = ${id}::uuid FOR UPDATE`
  return tx.rule.findFirst({ where: { id, deletedAt: null } })
}

export const insertRule = (tx: Tx, data: Prisma.RuleUncheckedCreateInput): Promise<Rule> => tx.rule.create({ data })

export const updateRule = (tx: Tx, id: string, data: Prisma.RuleUncheckedUpdateInput): Promise<Rule> =>
  tx.rule.update({ where: { id }, data: { ...data, version: { increment: 1 } } })

/** What a rule may point at: false when there is none of this id, or it is deleted. It stays until the transaction ends. */
export const holds = {
  user: async (tx: Tx, id: string) =>
    (await tx.$queryRaw<[]>`SELECT 1 FROM users WHERE id = ${id}::uuid AND deleted_at IS NULL FOR KEY SHARE`).length >
    0,
  group: async (tx: Tx, id: string) =>
    (await tx.$queryRaw<[]>`SELECT 1 FROM groups WHERE id = ${id}::uuid AND deleted_at IS NULL FOR KEY SHARE`).length >
    0,
  provider: async (tx: Tx, id: string) =>
    (await tx.$queryRaw<[]>`SELECT 1 FROM providers WHERE id = ${id}::uuid AND deleted_at IS NULL FOR KEY SHARE`)
      .length > 0,
}

const TERMS = {
  id: true,
  enabled: true,
  effect: true,
  modelPattern: true,
  userId: true,
  groupId: true,
  role: true,
  providerId: true,
} as const

/** Every rule that is in force. */
export const listTerms = (tx: Tx): Promise<RuleTerms[]> =>
  tx.rule.findMany({ where: { enabled: true, deletedAt: null }, select: TERMS })

/** The rules in force that can concern this person and provider. */
export const listTermsFor = (
  tx: Tx,
  who: {
    readonly userId: string
    readonly role: Role
    readonly groupIds: readonly string[]
    readonly providerId: string
  },
): Promise<RuleTerms[]> =>
  tx.rule.findMany({
    where: {
      enabled: true,
      deletedAt: null,
      AND: [
        { OR: [{ providerId: null }, { providerId: who.providerId }] },
        {
          OR: [
            { userId: who.userId },
            { groupId: { in: [...who.groupIds] } },
            { role: who.role },
            { userId: null, groupId: null, role: null },
          ],
        },
      ],
    },
    select: TERMS,
  })
