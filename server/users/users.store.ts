import type { Prisma } from '../generated/prisma/client.ts'
import type { Role } from '../generated/prisma/enums.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import { literally } from '../lib/search.ts'
import type { User } from './user.ts'

type Where = Prisma.UserWhereInput

/** What a list of users may be narrowed to. Null and undefined do not narrow. */
export type UserFilter = {
  readonly search?: string | null | undefined
  readonly role?: readonly Role[] | null | undefined
  readonly active?: boolean | null | undefined
  /** True: only deleted ones; otherwise only others. */
  readonly deleted?: boolean | null | undefined
}

export function toWhere({ search, role, active, deleted }: UserFilter): Where {
  const contains = search ? ({ contains: literally(search), mode: 'insensitive' } as const) : null
  return {
    deletedAt: deleted ? { not: null } : null,
    ...(contains && { OR: [{ username: contains }, { displayName: contains }, { email: contains }] }),
    ...(role && role.length > 0 && { role: { in: [...role] } }),
    ...(active != null && { active }),
  }
}

export const listUsers = (tx: Tx, where: Where, keyset: Keyset, query: object): Promise<User[]> =>
  tx.user.findMany({
    ...query,
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })

export const countUsers = (tx: Tx, where: Where) => tx.user.count({ where })

export const findUser = (tx: Tx, id: string): Promise<User | null> => tx.user.findUnique({ where: { id } })

export const findUserByUsername = (tx: Tx, username: string): Promise<User | null> =>
  tx.user.findFirst({ where: { username, deletedAt: null } })

// NO KEY: rows that only point at a user (a new key, a session) do not wait for its changes, nor cross with them.

/** The row, not deleted, locked until the transaction ends. */
export async function lockUser(tx: Tx, id: string): Promise<User | null> {
  await tx.$queryRaw`SELECT 1 FROM users WHERE id = ${id}::uuid FOR NO KEY UPDATE`
  return tx.user.findFirst({ where: { id, deletedAt: null } })
}

/**
 * The ids of all active administrators, locked in one order: of two transactions that each take away an
 * administrator, the second sees what the first has left.
 */
export async function lockAdministrators(tx: Tx): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM users WHERE role = 'ADMINISTRATOR' AND active AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE`
  return rows.map(({ id }) => id)
}

export const insertUser = (tx: Tx, data: Prisma.UserUncheckedCreateInput): Promise<User> => tx.user.create({ data })

export const updateUser = (tx: Tx, id: string, data: Prisma.UserUncheckedUpdateInput): Promise<User> =>
  tx.user.update({ where: { id }, data: { ...data, version: { increment: 1 } } })

export type SignInAccount = {
  readonly id: string
  readonly username: string
  readonly active: boolean
  readonly passwordHash: string | null
  /** Where this person has signed in since the given time. */
  readonly addresses: readonly string[]
}

/** One statement for everybody, so that its time does not tell who exists. */
export async function findSignInAccount(tx: Tx, username: string, since: Date): Promise<SignInAccount | null> {
  const [account] = await tx.$queryRaw<SignInAccount[]>`
    SELECT id, username, active, password_hash AS "passwordHash", ARRAY(
      SELECT DISTINCT address FROM sessions
      WHERE user_id = users.id AND created_at > ${since}::timestamptz AND address IS NOT NULL
    ) AS addresses
    FROM users WHERE username = ${username} AND deleted_at IS NULL`
  return account ?? null
}

/** The account, if its password is still the one that was checked; it cannot change before the transaction ends. */
export async function holdChecked(tx: Tx, id: string, passwordHash: string): Promise<User | null> {
  await tx.$queryRaw`SELECT 1 FROM users WHERE id = ${id}::uuid FOR NO KEY UPDATE`
  return tx.user.findFirst({ where: { id, passwordHash, active: true, deletedAt: null } })
}
