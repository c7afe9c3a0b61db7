import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { createKeyType, createPolicy, updatePolicy } from '../keys/policies.service.ts'
import { askSchema } from '../test/ask-schema.ts'
import { testWorld } from '../test/world.ts'
import { applyPolicy } from './policy-rollout.service.ts'

const world = await testWorld()
const provider = await world.provider()
const [administrator, auditor] = [await world.person('ADMINISTRATOR'), await world.person('AUDITOR')]
const owner = await world.person()

const ROLLOUTS = `query Rollouts($applied: String!, $untouched: String!) {
  applied: policy(keyType: $applied) { rollout { choice actorName brokenKeys totalKeys doneKeys changedKeys finishedAt } }
  untouched: policy(keyType: $untouched) { rollout { choice } }
}`

test('administrators and auditors read the newest rollout of a policy, and nobody else does', async () => {
  const [applied, untouched] = [
    await createKeyType(administrator, { name: 'Applied' }),
    await createKeyType(administrator, { name: 'Untouched' }),
  ]
  await createPolicy(administrator, { keyType: untouched })
  const { id } = await createPolicy(administrator, { keyType: applied, neverAllowed: true })
  await createApiKey(owner, { name: 'Endless', providerId: provider.id, type: applied, expiresAt: null })
  await updatePolicy(administrator, { id, neverAllowed: null })
  await applyPolicy(administrator, { id, choice: 'LEAVE' })
  world.clock.advance(1000)
  await applyPolicy(administrator, { id, choice: 'ASK_OWNERS' })
  const newest = {
    ...{ choice: 'ASK_OWNERS', actorName: administrator.viewer.username, finishedAt: world.clock.now().toISOString() },
    ...{ brokenKeys: 1, totalKeys: 1, doneKeys: 1, changedKeys: 1 },
  }
  for (const reader of [administrator, auditor]) {
    const { data, codes } = await askSchema(reader, ROLLOUTS, { applied, untouched })
    expect([data, codes]).toEqual([{ applied: { rollout: newest }, untouched: { rollout: null } }, []])
  }
  const { data, codes } = await askSchema(owner, ROLLOUTS, { applied, untouched })
  expect([data, codes]).toEqual([
    { applied: { rollout: null }, untouched: { rollout: null } },
    ['FORBIDDEN', 'FORBIDDEN'],
  ])
})
