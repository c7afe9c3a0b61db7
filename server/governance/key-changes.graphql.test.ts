import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { expireApiKey, updateApiKey } from '../keys/keys.service.ts'
import { askSchema } from '../test/ask-schema.ts'
import { testWorld } from '../test/world.ts'

const world = await testWorld()
const provider = await world.provider()
const [owner, stranger] = [await world.person(), await world.person()]
const administrator = await world.person('ADMINISTRATOR')

const HISTORY = `query History($id: ID!) { apiKey(id: $id) { changes(first: 2) {
  totalCount pageInfo { hasNextPage } nodes { action actorName before after }
} } }`

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
  for (const somebody of [owner, administrator]) {
    expect(await askSchema(somebody, HISTORY, { id: row.id })).toMatchObject({
      data: { apiKey: { changes: history } },
      codes: [],
    })
  }
  expect(await askSchema(stranger, HISTORY, { id: row.id })).toMatchObject({ data: { apiKey: null }, codes: [] })
})
