import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { serveGraphql } from '../test/serve-graphql.ts'
import { testWorld } from '../test/world.ts'
import { createAccessToken, revokeAccessToken } from '../users/access-tokens.service.ts'
import type { Act } from '../users/viewer.ts'
import { anEntry, anIntent } from './test/entries.ts'
import { insertEntries } from './usage.store.ts'
import { STORED_ENTRIES } from './usage-entry.ts'

const world = await testWorld()
const { parts } = world
const administrator = await world.person('ADMINISTRATOR')
const user = await world.person()
const provider = await world.provider()
const url = `${await serveGraphql(parts)}/graphql`

async function keyOf(act: Act) {
  const { row } = await createApiKey(act, { name: 'A key to be followed', providerId: provider.id })
  return row
}

async function follow(act: Act) {
  const { secret, token } = await createAccessToken(act, { name: 'Tail', scopes: ['READ'] })
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${secret}` },
    body: JSON.stringify({ query: 'subscription { usageEntryAdded { id owner { username } } }' }),
  })
  let text = ''
  const ended = (async () => {
    for await (const bytes of answer.body ?? []) text += Buffer.from(bytes).toString()
  })()
  return { answer, ended, tokenId: token.id, text: () => text }
}

/** What the flusher does with the end of a request. */
async function store(keyId: string, ownerId: string): Promise<string> {
  const intent = anIntent(parts.random.uuidv7(), parts.clock.now().getTime())
  await insertEntries(world.db.pool, [anEntry({ ...intent, keyId, ownerId, providerId: provider.id })])
  parts.signals.publish(STORED_ENTRIES, [intent.id])
  return intent.id
}

test('requests are followed as they are recorded, each person sees what the log would show, and it ends with the proof', async () => {
  const [theirs, ours] = [await follow(user), await follow(administrator)]
  expect(theirs.answer.headers.get('content-type')).toContain('text/event-stream')
  const [keyOfUser, keyOfAdministrator] = [await keyOf(user), await keyOf(administrator)]
  // Until the listening connection is there a signal may be lost: it is only how soon somebody sees something.
  let first = ''
  await expect
    .poll(async () => {
      first = await store(keyOfUser.id, user.viewer.id)
      return theirs.text()
    })
    .toContain('usageEntryAdded')
  const hidden = await store(keyOfAdministrator.id, administrator.viewer.id)
  // Two signals may overtake each other on their ways through the pool.
  await expect.poll(ours.text).toContain(hidden)
  const last = await store(keyOfUser.id, user.viewer.id)
  await expect.poll(theirs.text).toContain(last)
  await expect.poll(ours.text).toContain(last)
  expect(theirs.text()).toContain(first)
  expect(theirs.text()).not.toContain(hidden)
  await revokeAccessToken(user, theirs.tokenId)
  const unseen = await store(keyOfUser.id, user.viewer.id)
  await theirs.ended
  expect(theirs.text()).not.toContain(unseen)
})

test('nobody follows without being signed in, and a draining process ends it', async () => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { usageEntryAdded { id } }' }),
  })
  expect(await answer.text()).toContain('UNAUTHENTICATED')
  const { ended } = await follow(administrator)
  parts.signals.close()
  await ended
})
