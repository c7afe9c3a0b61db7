import { expect, it, test } from 'vitest'
import type { EmergencyScope } from '../generated/prisma/enums.ts'
import { expireAll, undoEmergency } from '../governance/emergency.service.ts'
import { EMERGENCY } from '../governance/emergency-run.service.ts'
import { restoreApiKey } from '../keys/keys.service.ts'
import type { Act } from '../users/viewer.ts'
import { createDirectory } from './directory.ts'
import { startWorld, type TestKey } from './test/world.ts'

const world = await startWorld()
const { db, parts } = world
const body = JSON.stringify({ model: 'gpt-4', messages: [{ role: 'user', content: 'Hi' }] })

async function ask({ text }: TestKey): Promise<string> {
  const headers = { authorization: `Bearer ${text}`, 'content-type': 'application/json' }
  const answer = await fetch(world.url, { method: 'POST', headers, body })
  const parsed: { error?: { code: string } } = JSON.parse(await answer.text())
  return parsed.error?.code ?? 'answered'
}

const expiryOf = async ({ id }: TestKey) => (await db.prisma.apiKey.findUniqueOrThrow({ where: { id } })).expiresAt

/** An administrator for whom the time is up that a mutation stays with its work, as soon as the first keys have ended. */
async function hurried(): Promise<Act> {
  const { id, username } = await db.prisma.user.create({ data: { username: crypto.randomUUID(), displayName: 'A' } })
  let looks = 0
  const clock = { now: () => new Date(Date.now() + 11_000 * looks++) }
  const viewer = { id, username, role: 'ADMINISTRATOR', via: 'session', proofId: id, scopes: [] } as const
  return { parts: { ...parts, clock }, viewer, origin: { requestId: null, address: null, userAgent: null } }
}

/** A key that is in use, and so many of its owner before it that it is not reached at once. */
async function crowded() {
  const key = await world.mintKey()
  await db.pool.query(
    `INSERT INTO api_keys (id, name, owner_id, creator_id, provider_id, type)
     SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Bulk ' || n, $1, $1, $2, 'Development'
     FROM generate_series($3::int, $3 + 449) AS n`,
    [key.ownerId, world.providerId, ++crowds * 1000],
  )
  expect(await ask(key)).toBe('answered')
  const { username } = await db.prisma.user.findUniqueOrThrow({ where: { id: key.ownerId } })
  return { key, end: (act: Act) => expireAll(act, { scope: 'USER', id: key.ownerId, confirm: username }) }
}
let crowds = 0

test('a key that the job has not come to is refused once an emergency has answered, until it is undone', async () => {
  const { key, end } = await crowded()
  const administrator = await hurried()
  const operation = await end(administrator)
  expect([operation.finishedAt, operation.endedKeys, await expiryOf(key)]).toEqual([null, 200, null])
  expect([await ask(key), await ask(world.key)]).toEqual(['key_expired', 'answered'])
  await undoEmergency(administrator, operation.id)
  expect([await ask(key), await expiryOf(key)]).toEqual(['answered', null])
})

test('when each key has its own end the emergency is over: what it was not about works again', async () => {
  const { key, end } = await crowded()
  const restored = await world.mintKey({ ownerId: key.ownerId, deletedAt: new Date() })
  const administrator = await hurried()
  const { id } = await end(administrator)
  for await (const _batch of EMERGENCY.batches(parts, await operationOf(id))) {
    expect(await ask(key)).toBe('key_expired')
  }
  expect([await ask(key), (await expiryOf(key)) !== null]).toEqual(['key_expired', true])
  await restoreApiKey({ ...administrator, parts }, restored.id)
  expect(await ask(restored)).toBe('answered')
})

const operationOf = (id: string) => db.prisma.emergencyOperation.findUniqueOrThrow({ where: { id } })

/** An emergency of which no key has been ended yet. */
async function begin(scope: EmergencyScope, subjectId: string | null): Promise<() => Promise<void>> {
  const id = crypto.randomUUID()
  const by = { actorId: world.key.ownerId, actorName: 'admin', actorVia: 'session' }
  const data = { id, scope, subjectId, ...by, startedAt: new Date(), totalKeys: 1 }
  await world.change('EmergencyOperation', id, (tx) => tx.emergencyOperation.create({ data }))
  return () =>
    world.change('EmergencyOperation', id, (tx) =>
      tx.emergencyOperation.update({ where: { id }, data: { finishedAt: new Date() } }),
    )
}

it.each([
  ['USER', ({ ownerId }: TestKey) => ownerId],
  ['GROUP', ({ ownerId }: TestKey) => groupOf(ownerId)],
  ['PROVIDER', async () => world.providerId],
  ['ALL', () => null],
] as const)(
  'an emergency of the scope %s is in force at once for the keys that it is about, and no other',
  async (scope, subjectOf) => {
    const key = await world.mintKey()
    const elsewhere = await world.mintKey({ providerId: await world.addProvider() })
    const end = await begin(scope, await subjectOf(key))
    const later = await world.mintKey({ ownerId: key.ownerId })
    expect([await ask(key), await ask(elsewhere), await ask(later)]).toEqual([
      'key_expired',
      scope === 'ALL' ? 'key_expired' : 'answered',
      'answered',
    ])
    await end()
    expect([await ask(key), await ask(elsewhere)]).toEqual(['answered', 'answered'])
  },
)

async function groupOf(userId: string): Promise<string> {
  const { id } = await db.prisma.group.create({ data: { name: userId, members: { create: { userId } } } })
  await world.change('Group', id, async () => undefined)
  return id
}

test('a gateway that starts in the middle of an emergency knows of it', async () => {
  const key = await world.mintKey()
  const end = await begin('USER', key.ownerId)
  const directory = createDirectory(parts)
  await directory.start()
  const secret = await directory.find(key.text.slice('aic_'.length, 'aic_'.length + 12))
  expect(secret && directory.isEnded(secret.key)).toBe(true)
  await end()
})
