import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { createKeyType, createPolicy, findPolicyOf, updatePolicy } from '../keys/policies.service.ts'
import { testWorld } from '../test/world.ts'
import { previewPolicy } from './policy-preview.service.ts'

const world = await testWorld()
const provider = await world.provider()
const owner = await world.person()
const administrator = await world.person('ADMINISTRATOR')

test('a preview finds the keys that a stricter policy breaks, page by page, and changes nothing', async () => {
  const keyType = await createKeyType(administrator, { name: 'Previewed' })
  const { id } = await createPolicy(administrator, { keyType, neverAllowed: true, defaultLifetimeDays: 10 })
  const names = ['alpha', 'beta', 'Gamma 1', 'Gamma 2', 'Gamma 3']
  for (const name of names) {
    const expiresAt = name === 'beta' ? null : undefined
    await createApiKey(owner, { name, providerId: provider.id, type: keyType, expiresAt })
  }
  const rules = { namingPattern: '[a-z]+', namingExamples: ['alpha'], neverAllowed: null, maxKeysPerUser: 4 }
  const first = await previewPolicy(administrator, { keyType, rules, first: 3 })
  const second = await previewPolicy(administrator, { keyType, rules, first: 3, after: first.endCursor })
  expect([first.checkedCount, first.brokenCount, first.crowdedOwnerCount]).toEqual([5, 4, 1])
  const all = [...first.breaches, ...second.breaches]
  expect(all.map(({ row }) => row.name).toSorted()).toEqual(['Gamma 1', 'Gamma 2', 'Gamma 3', 'beta'])
  expect(second.endCursor).toBeNull()
  expect(all.find(({ row }) => row.name === 'beta')?.messages).toEqual(['Keys of this type must expire.'])
  expect((await findPolicyOf(owner, keyType))?.namingPattern).toBeNull()
  await updatePolicy(administrator, { id, ...rules })
  expect((await previewPolicy(administrator, { keyType, rules: {} })).brokenCount).toBe(4)
})

test('a preview that goes on after something else than a key of it is refused', async () => {
  const asked = previewPolicy(owner, { keyType: 'Development', rules: {}, after: 'the second page' })
  await expect(asked).rejects.toThrow('after: is not a cursor of this list.')
})

test('a preview of 20,000 keys lets other work go on all the time', async () => {
  const keyType = await createKeyType(administrator, { name: 'Many' })
  await world.manyKeys(20_000, { owner, providerId: provider.id, type: keyType })
  let turns = 0
  let going = true
  const turn = () => {
    turns++
    if (going) setImmediate(turn)
  }
  turn()
  const rules = { namingPattern: 'Bulk \\d*[1-9]', namingExamples: ['Bulk 1'], neverAllowed: true }
  const preview = await previewPolicy(administrator, { keyType, rules })
  going = false
  expect([preview.checkedCount, preview.brokenCount]).toEqual([20_000, 2000])
  // Between any 500 keys, whoever else wants to do something has had a turn.
  expect(turns).toBeGreaterThan(20_000 / 500)
})
