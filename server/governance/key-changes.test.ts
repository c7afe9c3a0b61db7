import { graphql } from 'graphql'
import { expect, test } from 'vitest'
import { schema } from '../graphql/schema.ts'
import { createApiKey } from '../keys/create-key.service.ts'
import { expireApiKey, updateApiKey } from '../keys/keys.service.ts'
import { testWorld } from '../test/world.ts'
import type { Act } from '../users/viewer.ts'

const world = await testWorld()
const provider = await world.provider()
const [owner, stranger] = [await world.person(), await world.person()]
const administrator = await world.person('ADMINISTRATOR')

const HISTORY = `query History($id: ID!) { apiKey(id: $id) { changes(first: 2) {
  totalCount pageInfo { hasNextPage } nodes { action actorName before after }
} } }`

async function historyOf(id: string, { viewer, origin }: Act) {
  const session = { start: () => undefined, end: () => undefined }
  const contextValue = { parts: world.parts, viewer, origin, session, isUnchanged: async () => true }
  const { data, errors } = await graphql({ schema, source: HISTORY, variableValues: { id }, contextValue })
  expect(errors).toBeUndefined()
  return JSON.parse(JSON.stringify(data)).apiKey
}

test('the owner of a key reads its history, whoever made it, and nobody else does', async () => {
  const { row } = await createApiKey(owner, { name: 'Mine', providerId: provider.id })
  await updateApiKey(administrator, { id: row.id, purpose: 'Answers' })
  await expireApiKey(owner, row.id)
  const history = {
    totalCount: 3,
    pageInfo: { hasNextPage: true },
    nodes: [
      { action: 'expireApiKey', actorName: owner.viewer.username },
      { action: 'updateApiKey', actorName: administrator.viewer.username, before: { purpose: null } },
    ],
  }
  for (const viewer of [owner, administrator]) {
    expect(await historyOf(row.id, viewer)).toMatchObject({ changes: history })
  }
  expect(await historyOf(row.id, stranger)).toBeNull()
})
