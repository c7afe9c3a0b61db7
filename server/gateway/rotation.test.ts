import { expect, test } from 'vitest'
import { endOverlap, rotateApiKey } from '../keys/rotate-key.service.ts'
import { startWorld, type TestKey } from './test/world.ts'

const world = await startWorld()
const body = JSON.stringify({ model: 'gpt-4', messages: [{ role: 'user', content: 'Hi' }] })

async function ask(secret: string): Promise<string> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
  const answer = await fetch(world.url, { method: 'POST', headers, body })
  const parsed: { error?: { code: string } } = JSON.parse(await answer.text())
  return parsed.error?.code ?? 'answered'
}

const ownerOf = ({ ownerId }: TestKey) => ({
  parts: world.parts,
  viewer: { id: ownerId, username: 'owner', role: 'USER', via: 'session', proofId: ownerId, scopes: [] } as const,
  origin: { requestId: null, address: null, userAgent: null },
})

test('both secrets answer during the overlap, and only the new one once it was ended', async () => {
  const key = await world.mintKey({ ownerId: world.key.ownerId })
  const { secret } = await rotateApiKey(ownerOf(key), { id: key.id, overlap: 'ONE_HOUR' })
  expect([await ask(key.text), await ask(secret ?? '')]).toEqual(['answered', 'answered'])
  await endOverlap(ownerOf(key), key.id)
  expect([await ask(key.text), await ask(secret ?? '')]).toEqual(['key_expired', 'answered'])
})

test('without an overlap the old secret is refused as soon as the rotation has answered', async () => {
  const key = await world.mintKey({ ownerId: world.key.ownerId })
  expect(await ask(key.text)).toBe('answered')
  const { secret } = await rotateApiKey(ownerOf(key), { id: key.id, overlap: 'NOW' })
  expect([await ask(key.text), await ask(secret ?? '')]).toEqual(['key_expired', 'answered'])
})

test('each secret counts its own requests, refused ones too', async () => {
  const key = await world.mintKey({ ownerId: world.key.ownerId })
  await ask(key.text)
  const { secret } = await rotateApiKey(ownerOf(key), { id: key.id, overlap: 'NOW' })
  for (const text of [secret ?? '', secret ?? '', key.text]) await ask(text)
  await world.gateway.flush()
  const secrets = await world.db.prisma.keySecret.findMany({ where: { keyId: key.id }, orderBy: { createdAt: 'asc' } })
  expect(secrets.map(({ requestCount, lastUsedAt }) => [requestCount, lastUsedAt !== null])).toEqual([
    [2n, true],
    [2n, true],
  ])
})

test('under load the overlap refuses nothing, and the old secret dies within a second of its end', async () => {
  const key = await world.mintKey({ ownerId: world.key.ownerId })
  const { secret } = await rotateApiKey(ownerOf(key), { id: key.id, overlap: 'ONE_HOUR' })
  const during = await Promise.all(
    Array.from({ length: 100 }, (_, index) => ask(index % 2 ? key.text : (secret ?? ''))),
  )
  expect(during.filter((said) => said !== 'answered')).toEqual([])
  const end = new Date(Date.now() + 500)
  await world.change('ApiKey', key.id, async (tx) => {
    await tx.keySecret.update({ where: { id: key.secretId }, data: { expiresAt: end } })
    await tx.apiKey.update({ where: { id: key.id }, data: { version: { increment: 1 } } })
  })
  const seen: { readonly at: number; readonly said: string }[] = []
  while (Date.now() < end.getTime() + 1000) {
    const at = Date.now()
    seen.push({ at, said: await ask(key.text) })
  }
  expect(seen.filter(({ at, said }) => at < end.getTime() - 1000 && said !== 'answered')).toEqual([])
  expect(seen.at(-1)?.said).toBe('key_expired')
  expect(await ask(secret ?? '')).toBe('answered')
})
