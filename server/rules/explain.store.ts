import type { Tx } from '../lib/db.ts'
import { storedRenames } from '../providers/pool.ts'
import { MEMBER_ORDER } from '../providers/providers.store.ts'

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

/** The provider, and of a pool the members that are not deleted, each with the provider that it is. */
export async function findProvider(tx: Tx, id: string) {
  const members = {
    where: { provider: { deletedAt: null } },
    orderBy: [...MEMBER_ORDER],
    include: { provider: true },
  }
  const provider = await tx.provider.findUnique({ where: { id }, include: { members } })
  if (!provider) return null
  const renamed = provider.members.map(({ models, ...member }) => ({ ...member, models: storedRenames.parse(models) }))
  return { ...provider, members: renamed }
}
