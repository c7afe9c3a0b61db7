import { createSign, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { updateGovernanceSettings } from '../governance/settings.service.ts'
import { createApiKey } from '../keys/create-key.service.ts'
import { testWorld } from '../test/world.ts'
import { leaksRoute } from './leaks-route.ts'

const world = await testWorld()
const provider = await world.provider()
const [owner, administrator] = [await world.person(), await world.person('ADMINISTRATOR')]
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
await updateGovernanceSettings(administrator, { leakReporters: [{ identifier: 'scanner-1', publicKey: pem }] })
const server = createServer(leaksRoute(world.parts))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterAll(() => server.close())
const { port }: AddressInfo = Object(server.address())
const { row, secret } = await createApiKey(owner, { name: 'Leaked key', providerId: provider.id })

const isAlive = async () => {
  const { expiresAt } = await world.db.prisma.apiKey.findUniqueOrThrow({ where: { id: row.id } })
  return expiresAt !== null && expiresAt > world.clock.now()
}

async function report(body: string, { identifier = 'scanner-1', key = privateKey, signed = body } = {}) {
  const signature = createSign('sha256').update(signed).sign(key, 'base64')
  const headers = { 'github-public-key-identifier': identifier, 'github-public-key-signature': signature }
  const answer = await fetch(`http://127.0.0.1:${port}/leaks`, { method: 'POST', headers, body })
  return { status: answer.status, text: await answer.text() }
}

const found = JSON.stringify([
  { token: secret, type: 'ai_controller_key', url: 'https://example.org/a/b', source: 'content' },
])

test.each([
  ['another signer', { key: stranger.privateKey }],
  ['another name', { identifier: 'scanner-2' }],
  ['another body', { signed: '[]' }],
])('a report of %s is refused and ends nothing', async (_what, set) => {
  expect((await report(found, set)).status).toBe(401)
  expect(await isAlive()).toBe(true)
})

test('an unsigned report and other methods are refused', async () => {
  const url = `http://127.0.0.1:${port}/leaks`
  expect((await fetch(url, { method: 'POST', body: found })).status).toBe(401)
  expect((await fetch(url)).status).toBe(405)
  expect(await isAlive()).toBe(true)
})

test('a signed body that is no report, or too large, is refused', async () => {
  for (const body of ['{', '{}', '[{}]', '[{"token":1}]']) expect((await report(body)).status).toBe(400)
  expect((await report(`[${'"x",'.repeat(300_000)}]`)).status).toBe(413)
})

test('reports that do not arrive keep no more waiting than there is room for: the next is told to come again', async () => {
  const head =
    'POST /leaks HTTP/1.1\r\nhost: x\r\ngithub-public-key-identifier: x\r\ngithub-public-key-signature: x\r\n'
  let arrived = 0
  const count = () => arrived++
  server.on('request', count)
  const slow = Array.from({ length: 22 }, () => connect(port, '127.0.0.1'))
  for (const socket of slow) socket.write(`${head}content-length: 9\r\n\r\n`)
  await expect.poll(() => arrived).toBe(slow.length)
  server.off('request', count)
  const refused = await report(found)
  expect([refused.status, JSON.parse(refused.text).error.code]).toEqual([503, 'overloaded'])
  for (const socket of slow) socket.destroy()
  await expect.poll(async () => (await report('{')).status).toBe(400)
})

test('a signed report ends the key at once and says which tokens were ours, without repeating them', async () => {
  const answer = await report(JSON.stringify([...JSON.parse(found), { token: `${secret?.slice(0, -1)}_`, type: 'x' }]))
  expect(answer.status).toBe(200)
  expect(answer.text).not.toContain(secret)
  const labels: { label: string }[] = JSON.parse(answer.text)
  expect(labels.map(({ label }) => label)).toEqual(['true_positive', 'false_positive'])
  expect(await isAlive()).toBe(false)
  expect((await report(found)).status).toBe(200)
})
