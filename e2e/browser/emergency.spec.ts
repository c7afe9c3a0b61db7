import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { expect, type Page, test } from '@playwright/test'
import type { Key, Person } from '../product/world.ts'
import { openWorld, type World } from '../product.ts'
import { signIn } from './hands.ts'
import { everythingKept, look, type Watched } from './watch.ts'

// What an administrator does when something goes wrong, as one story.
test.describe.configure({ mode: 'serial' })

type Received = { readonly headers: Readonly<Record<string, string>>; readonly body: string }
type Receiver = { readonly url: string; readonly received: Received[]; readonly server: Server }

let world: World
let mallory: Person
let malloryKey: Key
let receiver: Receiver
let page: Page
let watched: Watched

/** A system of the organisation that takes what webhooks tell it. */
async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    req.on('end', () => {
      const headers = Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)]))
      received.push({ headers, body })
      res.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port')
  return { url: `http://127.0.0.1:${address.port}/hook`, received, server }
}

test.beforeAll(async ({ browser }) => {
  world = await openWorld()
  mallory = await world.admin.user('mallory')
  malloryKey = await mallory.key(world.provider, { name: 'Mallory writes', application: 'writer' })
  receiver = await startReceiver()
  watched = await signIn(browser, world.product, world.admin)
  page = watched.page
})
test.afterAll(async () => {
  await page.context().close()
  receiver.server.close()
  await world.close()
})
test.afterEach(() => {
  expect(watched.troubles.splice(0)).toEqual([])
})

const dialog = () => page.getByRole('dialog')
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const inDialog = (name: string | RegExp) => dialog().getByRole('button', { name, exact: typeof name === 'string' })
const go = (path: string) => page.goto(`${world.product.url}${path}`)

/** What the receiver computes: the signature of Standard Webhooks over id, time and body. */
function signatureOf({ headers, body }: Received, secret: string): string {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}

/** The status of a request with Mallory's key. */
async function work(): Promise<number> {
  const response = await malloryKey.post({ model: 'fake-gpt', messages: [{ role: 'user', content: 'Hello' }] })
  await response.arrayBuffer()
  return response.status
}

test('an emergency ends the keys of one person, and is taken back', async () => {
  expect(await work()).toBe(200)
  await go('/admin/emergency')
  await expect(page.getByText('No emergency so far')).toBeVisible()
  await look(watched, '30-emergency-empty')
  await button('Expire many keys').first().click()
  await dialog().getByLabel('Person').click()
  await page.keyboard.type('mallory')
  await page.getByRole('option', { name: 'mallory' }).click()
  await expect(inDialog('Expire 1 key')).toBeVisible()
  await look(watched, '31-emergency-preview')
  await dialog().getByLabel('Type the name to confirm').fill('mallory')
  await inDialog('Expire 1 key').click()
  await expect(dialog().getByText('1 of 1 key')).toBeVisible()
  expect(await work()).toBe(401)
  await look(watched, '32-emergency-done')
  await inDialog('Undo').click()
  await expect(dialog().getByText('Undone').first()).toBeVisible()
  expect(await work()).toBe(200)
  await look(watched, '33-emergency-undone')
  await dialog().getByText('Its audit entries, one per key').click()
  await expect(page.getByRole('cell', { name: 'Mallory writes' })).toBeVisible()
  await expect(page.getByText('3 events')).toBeVisible()
})

test('the audit log proves itself and is exported with its filter', async () => {
  await button('Verify chain').click()
  await expect(dialog().getByText('The chain is whole')).toBeVisible()
  await look(watched, '34-verify-chain')
  await page.keyboard.press('Escape')
  await button('Export').click()
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'JSON Lines' }).click()
  expect((await download).suggestedFilename()).toMatch(/^audit-log-.*\.jsonl$/)
  expect((await download).url()).toContain('requestId=')
})

test('a leaked secret ends its key, is kept nowhere, and its owner and administrators are told', async () => {
  const leaked = await mallory.key(world.provider, { name: 'Pasted somewhere' })
  await button(/^Account menu of/).click()
  await page.getByRole('menuitem', { name: 'Report a leaked secret' }).click()
  await dialog().getByLabel('Text with the secret').fill(`AIC_KEY=${leaked.secret}`)
  await inDialog('Report and expire').click()
  await expect(dialog().getByText('1 key was found')).toBeVisible()
  expect(await everythingKept(page)).not.toContain(leaked.secret.slice(16, 48))
  await look(watched, '35-leak-reported')
  await inDialog('Close').last().click()
  await page
    .getByRole('link', { name: /^Notices, \d+ unread$/ })
    .first()
    .click()
  const told = page.getByRole('link', { name: /Pasted somewhere.*was reported as leaked/ })
  await expect(told).toBeVisible()
  await look(watched, '36-notices')
  await told.click()
  await expect(page).toHaveURL(`${world.product.url}/keys/${leaked.id}`)
  await expect(page.getByText('Every change of this key.')).toBeVisible()
  await look(watched, '37-key-audit')
  await go('/notices')
  await button('Mark all read').click()
  await expect(page.getByRole('link', { name: 'Notices', exact: true }).first()).toBeVisible()
  await go('/notices?show=unread')
  await look(watched, '38-notices-none')
})

test('a webhook shows its secret once, and its test arrives signed with it', async () => {
  await go('/admin/settings')
  await look(watched, '39-settings')
  await button('Add webhook').click()
  await dialog().getByLabel('URL').fill(receiver.url)
  await dialog().getByLabel('Key leaked').click()
  await look(watched, '40-add-webhook')
  await inDialog('Add webhook').click()
  const secret = (await dialog().getByLabel('signing secret', { exact: true }).textContent())?.trim() ?? ''
  expect(secret).toMatch(/^whsec_/)
  await look(watched, '41-signing-secret')
  await inDialog('Done').click()
  await expect(dialog()).toBeHidden()
  expect(await everythingKept(page)).not.toContain(secret)
  await button(/^Actions for 127\.0\.0\.1/).click()
  await page.getByRole('menuitem', { name: 'Send a test' }).click()
  await expect(dialog().getByText('The receiver took it.')).toBeVisible()
  await look(watched, '42-webhook-test')
  const [first] = receiver.received
  if (!first) throw new Error('nothing arrived')
  expect(first.headers['webhook-signature']).toBe(signatureOf(first, secret))
  expect(JSON.parse(first.body)).toMatchObject({ type: 'webhook.test' })
  await inDialog('Close').last().click()
})

test('the delivery log says what was answered, and sends once more', async () => {
  await page.getByRole('link', { name: 'Delivery log' }).click()
  await expect(page.getByRole('cell', { name: 'HTTP 204' })).toBeVisible()
  await look(watched, '43-deliveries')
  await button('Redeliver').click()
  await expect(page.getByText('2 attempts')).toBeVisible()
  expect(receiver.received).toHaveLength(2)
})

test('mail and secret scanning are set up without a secret that could be read back', async () => {
  await go('/admin/settings')
  await button('Set up mail').click()
  await dialog().getByLabel('SMTP server').fill('smtp.example.org')
  await dialog().getByLabel('Sender').fill('keys@example.org')
  await dialog().getByLabel('Username').fill('keys')
  await dialog().getByLabel('Password', { exact: true }).fill('a password of a mail server')
  await look(watched, '44-mail')
  await inDialog('Save').click()
  await expect(page.getByText('smtp.example.org:587')).toBeVisible()
  expect(await everythingKept(page)).not.toContain('a password of a mail server')
  await button('Add public key').click()
  await look(watched, '45-add-public-key')
  await inDialog('Cancel').click()
  await look(watched, '46-settings-filled')
})

test('the register shows the columns that were chosen, and keeps them as a view', async () => {
  await go('/admin/keys')
  await button('Columns').click()
  for (const name of ['Purpose', 'Review', 'Lifetime']) await page.getByRole('menuitemcheckbox', { name }).click()
  await look(watched, '47-columns')
  await page.keyboard.press('Escape')
  await expect(page.getByText('Never reviewed').first()).toBeVisible()
  await button('Save view').click()
  await dialog().getByLabel('Name').fill('For the auditor')
  await look(watched, '48-save-view')
  await inDialog('Save view').click()
  await go('/admin/keys')
  await button('For the auditor').click()
  await expect(page.getByText('Never reviewed').first()).toBeVisible()
  await look(watched, '49-register')
  await button('Delete view').click()
  await expect(button('For the auditor')).toBeHidden()
})
