import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import { type Policy, type PolicyRules, policyFieldsSchema } from './policy.ts'

type Row = Prisma.PolicyGetPayload<object>

const toPolicy = (row: Row): Policy => ({ ...row, fields: policyFieldsSchema.parse(row.fields) })

const toData = (rules: PolicyRules) => ({
  ...rules,
  namingExamples: [...rules.namingExamples],
  namingCounterexamples: [...rules.namingCounterexamples],
  requiredDetails: [...rules.requiredDetails],
  fields: rules.fields.map((field) => ({ ...field, choices: [...field.choices] })),
  providerIds: [...rules.providerIds],
  models: [...rules.models],
  addresses: [...rules.addresses],
  endpoints: [...rules.endpoints],
})

type Where = Prisma.PolicyWhereInput

/** What policies may be narrowed to. Null, undefined and nothing do not narrow. */
export type PolicyFilter = { readonly keyType?: readonly string[] | null | undefined }

export const toWhere = ({ keyType }: PolicyFilter): Where =>
  keyType && keyType.length > 0 ? { keyType: { in: [...keyType] } } : {}

export const listPolicies = async (tx: Tx, where: Where, keyset: Keyset): Promise<Policy[]> => {
  const rows = await tx.policy.findMany({
    where: { AND: [where, keyset.where] },
    orderBy: [...keyset.orderBy],
    take: keyset.take,
  })
  return rows.map(toPolicy)
}

export const countPolicies = (tx: Tx, where: Where) => tx.policy.count({ where })

export async function findPolicy(tx: Tx, where: { readonly id: string } | { readonly keyType: string }) {
  const row = await tx.policy.findUnique({ where })
  return row && toPolicy(row)
}

export const insertPolicy = async (tx: Tx, by: Pick<Policy, 'id' | 'keyType' | 'createdAt'>, rules: PolicyRules) =>
  toPolicy(await tx.policy.create({ data: { ...by, ...toData(rules) } }))

export const updatePolicy = async (tx: Tx, id: string, rules: PolicyRules) =>
  toPolicy(await tx.policy.update({ where: { id }, data: { ...toData(rules), version: { increment: 1 } } }))

export const deletePolicy = (tx: Tx, id: string) => tx.policy.delete({ where: { id } })

export const insertKeyType = (tx: Tx, name: string, createdAt: Date) => tx.keyType.create({ data: { name, createdAt } })

export const deleteKeyType = (tx: Tx, name: string) => tx.keyType.delete({ where: { name } })

/** How many of these exist and are not deleted. */
export const countProviders = (tx: Tx, ids: readonly string[]) =>
  tx.provider.count({ where: { id: { in: [...ids] }, deletedAt: null } })

export const findGroup = (tx: Tx, id: string) => tx.group.findFirst({ where: { id, deletedAt: null } })

/** The person's keys of this type that are neither expired nor deleted. Their number cannot grow before the end of the transaction. */
export async function countLivingKeys(tx: Tx, ownerId: string, type: string, now: Date): Promise<number> {
  await tx.$queryRaw`SELECT 1 FROM users WHERE id = ${ownerId}::uuid FOR NO KEY UPDATE`
  return tx.apiKey.count({
    where: { ownerId, type, deletedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
  })
}

/** When the secret was made that the key is used with now; null: it has none yet. */
export async function findSecretAge(tx: Tx, keyId: string): Promise<Date | null> {
  const secret = await tx.keySecret.findFirst({ where: { keyId, supersededAt: null }, select: { createdAt: true } })
  return secret?.createdAt ?? null
}
