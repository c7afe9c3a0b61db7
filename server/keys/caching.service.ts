import { change } from '../lib/change.ts'
import { NotFound } from '../lib/problems.ts'
import { isId } from '../lib/text.ts'
import { type Act, isAdministrator } from '../users/viewer.ts'
import { findOwner } from './keys.store.ts'

/**
 * Forgets the answers that were kept for one person, or for an administrator who names nobody all of them: on every
 * node, before it answers. Throws `NotFound` for a person who is not the viewer's to manage.
 */
export async function purgeResponseCache(act: Act, named: string | null): Promise<void> {
  const { viewer } = act
  const ownerId = named ?? (isAdministrator(viewer) ? null : viewer.id)
  await change(act, async (tx, record) => {
    const mayPurge = ownerId === null || ownerId === viewer.id || isAdministrator(viewer)
    const owner = ownerId !== null && mayPurge && isId(ownerId) ? await findOwner(tx, ownerId) : null
    if (ownerId !== null && !owner) throw new NotFound('user')
    record({
      action: 'purgeResponseCache',
      subjectType: 'ResponseCache',
      subjectId: ownerId,
      subjectName: owner?.username ?? null,
    })
  })
}
