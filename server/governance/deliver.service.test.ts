import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { Webhook as Verifier } from 'standardwebhooks'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { InvalidInput } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { countUnread } from '../users/notices.service.ts'
import { insertNotices } from '../users/notices.store.ts'
import { DELIVERY_JOB } from './deliver.service.ts'
import * as deliveries from './deliveries.service.ts'
import { runDueJobs } from './jobs.service.ts'

const world = await testWorld()
const [owner, administrator] = [await world.person(), await world.person('ADMINISTRATOR')]
const MINUTE = 60_000
type Received = { readonly headers: IncomingMessage['headers']; readonly body: string }
const received: Received[] = []
let answer = 200
const receiver = createServer((req, res) => {
  let body = ''
  req.on('data', (chunk: Buffer) => {
    body += chunk.toString()
  })
  req.on('end', () => {
    received.push({ headers: req.headers, body })
    res.writeHead(answer).end()
  })
})
const mails: string[] = []
const smtp = createTcpServer((socket) => {
  let data = false
  socket.write('220 test\r\n')
  socket.on('data', (chunk) => {
    for (const line of chunk
      .toString()
      .split('\r\n')
      .filter((text) => text !== '')) {
      if (data) {
        mails.push(`${mails.pop() ?? ''}${line}\n`)
        if (line === '.') {
          data = false
          socket.write('250 taken\r\n')
        }
      } else if (line === 'DATA') {
        data = true
        mails.push('')
        socket.write('354 go on\r\n')
      } else socket.write(line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n')
    }
  })
})
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
afterAll(() => {
  receiver.close()
  smtp.close()
})
const portOf = (server: { address(): unknown }): number => {
  const { port }: AddressInfo = Object(server.address())
  return port
}
const url = `http://127.0.0.1:${portOf(receiver)}/hook`
let count = 0

async function tell(): Promise<string> {
  const occasion = `test:${++count}`
  const subject = { subjectType: 'ApiKey', subjectId: world.parts.random.uuidv7(), subjectName: 'Billing' }
  const notice = { userId: owner.viewer.id, kind: 'KEY_EXPIRED', occasion, ...subject } as const
  await insertNotices(world.db.prisma, [notice], world.clock.now())
  return occasion
}

/** Lets a minute pass, and the job run. */
async function run(minutes = 1) {
  world.clock.advance(minutes * MINUTE)
  await runDueJobs(world.parts, [DELIVERY_JOB])
}

const stateOf = async (occasion: string) => {
  const rows = await world.db.prisma.delivery.findMany({ where: { occasion }, orderBy: { createdAt: 'asc' } })
  return rows.map(({ status, attempts }) => `${status} ${attempts}`)
}

beforeEach(async () => {
  answer = 200
  received.length = 0
  await world.db.prisma.webhook.deleteMany()
})

await runDueJobs(world.parts, [DELIVERY_JOB])

test('a webhook is told each occasion once, signed so that its secret verifies it', async () => {
  const { secret } = await deliveries.createWebhook(administrator, { url, kinds: [], enabled: true })
  const occasion = await tell()
  await Promise.all([run(), run(0), run(0)])
  await run()
  expect(received).toHaveLength(1)
  const [{ headers, body }] = [received[0] ?? { headers: {}, body: '' }]
  const signed = {
    'webhook-id': String(headers['webhook-id']),
    'webhook-timestamp': String(headers['webhook-timestamp']),
    'webhook-signature': String(headers['webhook-signature']),
  }
  // The receiver's own clock is not ours to set: signed again for now, the same text has the same form.
  const again = new Verifier(secret).sign(
    signed['webhook-id'],
    new Date(Number(signed['webhook-timestamp']) * 1000),
    body,
  )
  expect(signed['webhook-signature']).toBe(again)
  const said: { type: string; data: { title: string; url: string } } = JSON.parse(body)
  expect([said.type, said.data.title]).toEqual(['key.expired', 'The key “Billing” has expired'])
  expect(said.data.url).toMatch(/\/keys\/[0-9a-f-]{36}$/)
  expect(await stateOf(occasion)).toEqual(['DELIVERED 1'])
})

test('a receiver that fails is tried again, later and later, under the same id, and given up in the end', async () => {
  await deliveries.createWebhook(administrator, { url, kinds: [], enabled: true })
  answer = 500
  const occasion = await tell()
  await run()
  expect(await stateOf(occasion)).toEqual(['WAITING 1'])
  await run(1)
  await run(1)
  expect(received).toHaveLength(2)
  for (const minutes of [5, 30, 120, 300, 600, 1440]) await run(minutes + 1)
  expect(await stateOf(occasion)).toEqual(['FAILED 8'])
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  await run(5000)
  expect(received).toHaveLength(8)
})

test('a delivery can be sent once more by hand, and the log says how it ended', async () => {
  await deliveries.createWebhook(administrator, { url, kinds: ['KEY_EXPIRED'], enabled: true })
  answer = 503
  const occasion = await tell()
  await run()
  const log = await deliveries.listDeliveries(administrator, { first: 1 }, { webhookId: null, status: 'WAITING' })
  const [row] = log.edges.map(({ node }) => node)
  expect([row?.occasion, row?.responseStatus, row?.lastError]).toEqual([occasion, 503, 'The receiver answered 503.'])
  answer = 204
  expect((await deliveries.redeliver(administrator, row?.id ?? '')).status).toBe('DELIVERED')
  await run(10)
  expect(received).toHaveLength(2)
})

test('a test goes to its webhook alone, whatever kinds that asked for, and nobody has it to read', async () => {
  const asked = { kinds: ['KEY_LEAKED'], enabled: true }
  const { webhook } = await deliveries.createWebhook(administrator, { url, ...asked })
  await deliveries.createWebhook(administrator, { url: `${url}/other`, kinds: [], enabled: true })
  const row = await deliveries.testWebhook(administrator, webhook.id)
  expect([row.status, row.attempts, row.responseStatus]).toEqual(['DELIVERED', 1, 200])
  await run(10)
  expect(received.map(({ body }) => Object(JSON.parse(body)).type)).toEqual(['webhook.test'])
  expect(await countUnread(administrator)).toBe(0)
  const logOf = async (webhookId: string) =>
    (await deliveries.listDeliveries(administrator, {}, { webhookId, status: null })).edges.map(({ node }) => node.id)
  expect(await logOf(webhook.id)).toEqual([row.id])
  expect(await logOf('no id')).toEqual([])
})

test('a webhook hears only the kinds it asked for, nothing while it is off, and no inner address may be one', async () => {
  const other = await deliveries.createWebhook(administrator, { url, kinds: ['KEY_LEAKED'], enabled: true })
  await tell()
  await run()
  await deliveries.updateWebhook(administrator, { id: other.webhook.id, kinds: [], enabled: false })
  await tell()
  await run()
  expect(received).toEqual([])
  for (const bad of ['http://10.0.0.1/', 'ftp://example.org/', 'http://169.254.169.254/latest']) {
    const made = deliveries.createWebhook(administrator, { url: bad, kinds: [], enabled: true })
    await expect(made).rejects.toThrow(InvalidInput)
  }
})

test('mail goes to people with an address, once, when a server is set', async () => {
  await world.db.prisma.user.update({ where: { id: owner.viewer.id }, data: { email: 'owner@example.org' } })
  await tell()
  await run()
  expect(mails).toEqual([])
  const server = { host: '127.0.0.1', port: portOf(smtp), fromAddress: 'aic@example.org' }
  await deliveries.updateMailSettings(administrator, server)
  const occasion = await tell()
  await run()
  await run()
  expect(await stateOf(occasion)).toEqual(['DELIVERED 1'])
  expect(mails).toHaveLength(1)
  expect(mails[0]).toContain('To: owner@example.org')
  await world.db.prisma.user.update({ where: { id: administrator.viewer.id }, data: { email: 'admin@example.org' } })
  expect(await deliveries.testMail(administrator)).toBeNull()
  expect(mails[1]).toContain('To: admin@example.org')
})

test('the mail password is sealed, never read back, and another host needs it again', async () => {
  const { sealedPassword } = await deliveries.updateMailSettings(administrator, {
    username: 'u',
    password: 'hunter2secret',
  })
  expect(Buffer.from(sealedPassword ?? []).toString('latin1')).not.toContain('hunter2')
  await expect(deliveries.updateMailSettings(administrator, { host: 'mail.evil.example' })).rejects.toThrow(
    InvalidInput,
  )
  const entries = await world.db.prisma.auditEntry.findMany({ where: { action: 'updateMailSettings' } })
  expect(JSON.stringify(entries, (_key, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
    'hunter2',
  )
})
