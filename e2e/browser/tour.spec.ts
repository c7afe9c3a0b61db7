import { expect, type Page, test } from '@playwright/test'
import { type FakeProvider, startFakeProvider } from '../fake-provider.ts'
import { type Product, startProduct } from '../product/process.ts'
import { everythingKept, look, type Watched, watch } from './watch.ts'

// The README's tour in a real browser, as one story: each test goes on where the one before ended.
test.describe.configure({ mode: 'serial' })

const password = 'a long phrase for the tour'
const keyName = 'Newsletter Writer staging'

let fake: FakeProvider
let product: Product
let page: Page
let watched: Watched
let secret = ''
let token = ''

test.beforeAll(async ({ browser }) => {
  fake = await startFakeProvider({ credential: 'sk-tour-credential' })
  product = await startProduct()
  page = await (await browser.newContext()).newPage()
  watched = watch(page, product.url)
})
test.afterAll(async () => {
  await page.context().close()
  await product.stop()
  await fake.close()
})
test.afterEach(() => {
  expect(watched.troubles.splice(0)).toEqual([])
})

const dialog = () => page.getByRole('dialog')
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const inDialog = (name: string | RegExp) => dialog().getByRole('button', { name, exact: typeof name === 'string' })
const go = (path: string) => page.goto(`${product.url}${path}`)

/** Opens a row's menu and chooses one of its actions. */
async function act(row: string, action: string): Promise<void> {
  await button(`Actions for ${row}`).first().click()
  await page.getByRole('menuitem', { name: action }).click()
  await expect(dialog()).toBeVisible()
}

function callWork(key: string): Promise<Response> {
  return fetch(`${product.url}/work`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fake-gpt', messages: [{ role: 'user', content: 'Hello, world!' }] }),
  })
}

test('an installation without an administrator sends people to the setup link', async () => {
  await go('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.getByText('has no administrator yet')).toBeVisible()
  await look(watched, '01-almost-there')
})

test('the setup link makes the first administrator, and its token leaves the address', async () => {
  await go(`/setup#token=${product.setupToken}`)
  await expect(page.getByRole('heading', { name: 'Welcome to AI Controller' })).toBeVisible()
  expect(page.url()).not.toContain(product.setupToken)
  await look(watched, '02-setup')
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByLabel('Username').fill('ada')
  await page.getByLabel('Email').fill('ada@example.com')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await button('Create administrator').click()
  await expect(page).toHaveURL(/\/admin\/providers$/)
})

test('a provider is added, tested, and its models are discovered', async () => {
  await expect(page.getByRole('heading', { name: 'Providers' })).toBeVisible()
  await look(watched, '03-providers-empty')
  await button('Add provider').first().click()
  await dialog().getByLabel('Name', { exact: true }).fill('Fake LLM')
  await dialog().getByLabel('Base URL').fill(`${fake.url}/v1`)
  await dialog().getByLabel('Provider credential').fill('sk-tour-credential')
  await dialog().getByPlaceholder('gpt-4o').fill('fake-gpt*')
  await page.keyboard.press('Enter')
  await look(watched, '04-add-provider')
  await inDialog('Add provider').click()
  await expect(dialog()).toBeHidden()
  await expect(page.getByText('Fake LLM').first()).toBeVisible()
  await act('Fake LLM', 'Test')
  await expect(dialog().getByText('HTTP 200')).toBeVisible()
  await look(watched, '05-test-provider')
  await inDialog('Close').first().click()
  await act('Fake LLM', 'Discover models')
  await expect(dialog().getByText('gpt-4', { exact: true })).toBeVisible()
  await look(watched, '06-discover-models')
  await dialog().getByText('gpt-4', { exact: true }).click()
  await inDialog(/^Enable \d+ models?$/).click()
  await expect(dialog()).toBeHidden()
  await look(watched, '07-providers')
  expect(await everythingKept(page)).not.toContain('sk-tour-credential')
})

test('a key is created, and its secret is shown once', async () => {
  await go('/keys')
  await expect(page.getByText('A key lets one of your programs use a model')).toBeVisible()
  await look(watched, '08-my-keys-empty')
  await button('Create API key').first().click()
  await dialog().getByLabel('Name', { exact: true }).fill(keyName)
  await dialog().getByLabel('Application').fill('newsletter-writer')
  await look(watched, '09-create-key')
  await inDialog('Create key').click()
  await expect(dialog().getByText('Save this key now')).toBeVisible()
  secret = (await dialog().getByLabel(`secret of ${keyName}`, { exact: true }).textContent())?.trim() ?? ''
  expect(secret).toMatch(/^aic_[0-9A-Za-z]{50}$/)
  await expect(dialog().getByText('Waiting for the first request…')).toBeVisible()
  await look(watched, '10-secret')
})

test('the snippet of the dialog is what the gateway answers, and the dialog turns green', async () => {
  await expect(dialog().getByRole('region', { name: 'curl example' })).toContainText(secret)
  const response = await callWork(secret)
  expect(response.status).toBe(200)
  await expect(dialog().getByText(/^First request received/)).toBeVisible({ timeout: 20_000 })
  await look(watched, '11-first-request')
  await inDialog('Done').click()
  await expect(dialog()).toBeHidden()
})

test('the secret is nowhere in the browser once the dialog is closed', async () => {
  const hidden = secret.slice(16, 48)
  expect(await everythingKept(page)).not.toContain(hidden)
  await page.reload()
  await expect(page.getByText(keyName).first()).toBeVisible()
  expect(await everythingKept(page)).not.toContain(hidden)
})

test('the key stands in both lists and has a page of its own', async () => {
  await look(watched, '12-my-keys')
  await go('/admin/keys')
  await expect(page.getByRole('link', { name: keyName })).toBeVisible()
  await look(watched, '13-admin-keys')
  await page.getByRole('link', { name: keyName }).click()
  await expect(page).toHaveURL(/\/keys\/[0-9a-f-]+$/)
  await expect(page.getByText('newsletter-writer').first()).toBeVisible()
  await look(watched, '14-key')
})

test('the logs show the request, and a row opens its panel', async () => {
  await go('/logs')
  const row = page.getByRole('row').filter({ hasText: 'fake-gpt' }).first()
  await expect(row).toBeVisible()
  await look(watched, '15-logs')
  await row.getByRole('button').first().click()
  await expect(dialog().getByText('Request id')).toBeVisible()
  await look(watched, '16-log-entry')
  await page.keyboard.press('Escape')
  await expect(dialog()).toBeHidden()
})

test('a user is added with a one-time link', async () => {
  await go('/admin/users')
  await button('Create user').first().click()
  await dialog().getByLabel('Username').fill('grace')
  await dialog().getByLabel('Name', { exact: true }).fill('Grace Hopper')
  await look(watched, '17-create-user')
  await inDialog('Create user').click()
  const link = (await dialog().getByLabel('link for Grace Hopper', { exact: true }).textContent())?.trim() ?? ''
  expect(link).toContain(`${product.url}/set-password#token=`)
  await inDialog('Done').click()
  await expect(page.getByText('Grace Hopper').first()).toBeVisible()
  await look(watched, '18-users')
  expect(await everythingKept(page)).not.toContain(link.split('token=')[1])
})

test('an access token is made for scripts and works over GraphQL', async () => {
  await go('/account')
  await button('Create token').first().click()
  await dialog().getByLabel('Name', { exact: true }).fill('Nightly report')
  await look(watched, '19-create-token')
  await inDialog('Create token').click()
  token = (await dialog().getByLabel('access token', { exact: true }).textContent())?.trim() ?? ''
  expect(token).toMatch(/^aicp_[0-9A-Za-z]{50}$/)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ query: '{ viewer { username } }' })
  const answer: unknown = await (await fetch(`${product.url}/graphql`, { method: 'POST', headers, body })).json()
  expect(answer).toEqual({ data: { viewer: { username: 'ada' } } })
  await inDialog(/^(Done|Close)$/)
    .first()
    .click()
  await expect(dialog()).toBeHidden()
  expect(await everythingKept(page)).not.toContain(token.slice(17, 48))
  await look(watched, '20-account')
})

test('an expired key is refused at once', async () => {
  await go('/admin/keys')
  await act(keyName, 'Expire')
  await look(watched, '21-expire-key')
  await dialog().getByLabel('Type the name to confirm').fill(keyName)
  await inDialog('Expire key').click()
  await expect(dialog()).toBeHidden()
  const refused = await callWork(secret)
  expect(refused.status).toBe(401)
  expect(await refused.json()).toMatchObject({ error: { code: 'key_expired' } })
  await expect(page.getByText('Expired').first()).toBeVisible()
  await look(watched, '22-expired')
})

test('signing out ends the session, and signing in begins another', async () => {
  await button(/^Account menu of/).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await look(watched, '23-sign-in')
  await page.getByLabel('Username').fill('ada')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await button('Sign in').click()
  await expect(page).toHaveURL(/\/admin\/keys$/)
})
