import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { expect, type Page, test } from '@playwright/test'
import type { Key, Person } from '../product/world.ts'
import { openWorld, type World } from '../product.ts'
import { button, dialog, noDialog, press, pressIn, signIn } from './hands.ts'
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
  await press(page, 'Expire many keys')
  await dialog(page).getByLabel('User').click()
  await page.keyboard.type('mallory')
  await page.getByRole('option', { name: 'mallory' }).click()
  await expect(button(dialog(page), 'Expire 1 key')).toBeVisible()
  await look(watched, '31-emergency-preview')
  await dialog(page).getByLabel('Type the name to confirm').fill('mallory')
  await pressIn(page, 'Expire 1 key')
  await expect(dialog(page).getByText('1 of 1 key')).toBeVisible()
  expect(await work()).toBe(401)
  await look(watched, '32-emergency-done')
  await pressIn(page, 'Undo')
  await expect(dialog(page).getByText('Undone').first()).toBeVisible()
  expect(await work()).toBe(200)
  await look(watched, '33-emergency-undone')
  await dialog(page).getByText('Its audit entries, one per key').click()
  await expect(page.getByRole('cell', { name: 'Mallory writes' })).toBeVisible()
  await expect(page.getByText('3 events')).toBeVisible()
})

test('the audit log proves itself and is exported with its filter', async () => {
  await press(page, 'Verify chain')
  await expect(dialog(page).getByText('The chain is whole')).toBeVisible()
  await look(watched, '34-verify-chain')
  await page.keyboard.press('Escape')
  await press(page, 'Export')
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'JSON Lines' }).click()
  expect((await download).suggestedFilename()).toMatch(/^audit-log-.*\.jsonl$/)
  expect((await download).url()).toContain('requestId=')
})

test('a leaked secret ends its key, is kept nowhere, and its owner and administrators are told', async () => {
  const leaked = await mallory.key(world.provider, { name: 'Pasted somewhere' })
  await press(page, /^Account menu of/)
  await page.getByRole('menuitem', { name: 'Report a leaked secret' }).click()
  await dialog(page).getByLabel('Text with the secret').fill(`AIC_KEY=${leaked.secret}`)
  await pressIn(page, 'Report and expire')
  await expect(dialog(page).getByText('1 key was found')).toBeVisible()
  expect(await everythingKept(page)).not.toContain(leaked.secret.slice(16, 48))
  await look(watched, '35-leak-reported')
  await button(dialog(page), 'Close').last().click()
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
  await press(page, 'Mark all read')
  await expect(page.getByRole('link', { name: 'Notices', exact: true }).first()).toBeVisible()
  await go('/notices?show=unread')
  await look(watched, '38-notices-none')
})

test('a webhook shows its secret once, and its test arrives signed with it', async () => {
  await go('/admin/settings')
  await look(watched, '39-settings')
  await press(page, 'Add webhook')
  await dialog(page).getByLabel('URL').fill(receiver.url)
  await dialog(page).getByLabel('Key leaked').click()
  await look(watched, '40-add-webhook')
  await pressIn(page, 'Add webhook')
  const secret = (await dialog(page).getByLabel('signing secret', { exact: true }).textContent())?.trim() ?? ''
  expect(secret).toMatch(/^whsec_/)
  await look(watched, '41-signing-secret')
  await pressIn(page, 'Done')
  await noDialog(page)
  expect(await everythingKept(page)).not.toContain(secret)
  await press(page, /^Actions for 127\.0\.0\.1/)
  await page.getByRole('menuitem', { name: 'Send a test' }).click()
  await expect(dialog(page).getByText('The receiver took it.')).toBeVisible()
  await look(watched, '42-webhook-test')
  const [first] = receiver.received
  if (!first) throw new Error('nothing arrived')
  expect(first.headers['webhook-signature']).toBe(signatureOf(first, secret))
  expect(JSON.parse(first.body)).toMatchObject({ type: 'webhook.test' })
  await button(dialog(page), 'Close').last().click()
})

test('the delivery log says what was answered, and sends once more', async () => {
  await page.getByRole('link', { name: 'Delivery log' }).click()
  await expect(page.getByRole('cell', { name: 'HTTP 204' })).toBeVisible()
  await look(watched, '43-deliveries')
  await press(page, 'Redeliver')
  await expect(page.getByText('2 attempts')).toBeVisible()
  expect(receiver.received).toHaveLength(2)
})

test('mail and secret scanning are set up without a secret that could be read back', async () => {
  await go('/admin/settings')
  await press(page, 'Set up mail')
  await dialog(page).getByLabel('SMTP server').fill('smtp.example.org')
  await dialog(page).getByLabel('Sender').fill('keys@example.org')
  await dialog(page).getByLabel('Username').fill('keys')
  await dialog(page).getByLabel('Password', { exact: true }).fill('a password of a mail server')
  await look(watched, '44-mail')
  await pressIn(page, 'Save')
  await expect(page.getByText('smtp.example.org:587')).toBeVisible()
  expect(await everythingKept(page)).not.toContain('a password of a mail server')
  await press(page, 'Add public key')
  await look(watched, '45-add-public-key')
  await pressIn(page, 'Cancel')
  await look(watched, '46-settings-filled')
})

test('the settings of the installation are saved, each panel by itself', async () => {
  for (const [panel, label, days] of [
    ['Time, money and logs', 'Days kept in the audit log', '90'],
    ['Approval and notices', 'Days to answer a request', '10'],
  ] as const) {
    const place = page.getByRole('region', { name: panel })
    await place.getByLabel(label).fill(days)
    await press(place, 'Save')
    await expect(page.getByText('The settings are saved')).toBeVisible()
    await page.reload()
    await expect(place.getByLabel(label)).toHaveValue(days)
  }
})

test('the register shows the columns that were chosen, and keeps them as a view', async () => {
  await go('/admin/keys')
  await press(page, 'Columns')
  for (const name of ['Purpose', 'Review', 'Lifetime']) await page.getByRole('menuitemcheckbox', { name }).click()
  await look(watched, '47-columns')
  await page.keyboard.press('Escape')
  await expect(page.getByText('Never reviewed').first()).toBeVisible()
  await press(page, 'Save view')
  await dialog(page).getByLabel('Name').fill('For the auditor')
  await look(watched, '48-save-view')
  await pressIn(page, 'Save view')
  await noDialog(page)
  await go('/admin/keys')
  await press(page, 'For the auditor')
  await expect(page.getByText('Never reviewed').first()).toBeVisible()
  await look(watched, '49-register')
  await press(page, 'Delete view')
  await expect(button(page, 'For the auditor')).toBeHidden()
})
