import type { Tx } from '../lib/db.ts'

/** The person with everything that rules ask about them. */
export async function findPerson(tx: Tx, id: string) {
  const user = await tx.user.findUnique({
    where: { id },
    include: { memberships: { where: { group: { deletedAt: null } }, select: { groupId: true } } },
  })
  if (!user) return null
  const { memberships, ...person } = user
  return { ...person, groupIds: memberships.map(({ groupId }) => groupId) }
}

export const findProvider = (tx: Tx, id: string) => tx.provider.findUnique({ where: { id } })
