import { expect, test } from 'vitest'
import { InvalidInput } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { createGroup, deleteGroup } from '../users/groups.service.ts'
import { createLimit, updateLimit } from './limits.service.ts'

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const limit = { target: 'EVERYTHING', metric: 'REQUESTS', period: 'DAY', amount: 10n }

test('a raise ends in the future, for a new limit as for an old one', async () => {
  const over = { raisedAmount: 20n, raisedUntil: world.clock.now() }
  await expect(createLimit(administrator, { ...limit, ...over })).rejects.toThrow(InvalidInput)
  const { id } = await createLimit(administrator, { ...limit, ...over, raisedUntil: world.clock.inDays(1) })
  await expect(updateLimit(administrator, { id, ...over })).rejects.toThrow(InvalidInput)
})

test('a group and a limit for it are not made and deleted past each other', async () => {
  for (let round = 0; round < 10; round++) {
    const { id: groupId } = await createGroup(administrator, { name: `Group ${round}` })
    const [made, gone] = await Promise.allSettled([
      createLimit(administrator, { ...limit, target: 'GROUP', groupId }),
      deleteGroup(administrator, groupId),
    ])
    expect([made.status, gone.status].toSorted()).toEqual(['fulfilled', 'rejected'])
  }
})
