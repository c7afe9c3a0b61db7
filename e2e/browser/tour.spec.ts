import { expect, type Page, test } from '@playwright/test'
import { type FakeProvider, startFakeProvider } from '../fake-provider.ts'
import { type Product, startProduct } from '../product/process.ts'
import { act, callWork, dialog, giveCredentials, noDialog, openBrowser, press, pressIn } from './hands.ts'
import { everythingKept, look, type Watched } from './watch.ts'

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
  watched = await openBrowser(browser, product)
  page = watched.page
})
test.afterAll(async () => {
  await page.context().close()
  await product.stop()
  await fake.close()
})
test.afterEach(() => {
  expect(watched.troubles.splice(0)).toEqual([])
})

const go = (path: string) => page.goto(`${product.url}${path}`)

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
  await press(page, 'Create administrator')
  await expect(page).toHaveURL(/\/admin\/providers$/)
})

test('a provider is added, tested, and its models are discovered', async () => {
  await expect(page.getByRole('heading', { name: 'Providers' })).toBeVisible()
  await look(watched, '03-providers-empty')
  await press(page, 'Add provider')
  await dialog(page).getByLabel('Name', { exact: true }).fill('Fake LLM')
  await dialog(page).getByLabel('Base URL').fill(`${fake.url}/v1`)
  await dialog(page).getByLabel('Provider credential').fill('sk-tour-credential')
  await dialog(page).getByPlaceholder('gpt-4o').fill('fake-gpt*')
  await page.keyboard.press('Enter')
  await look(watched, '04-add-provider')
  await pressIn(page, 'Add provider')
  await noDialog(page)
  await expect(page.getByText('Fake LLM').first()).toBeVisible()
  await act(page, 'Fake LLM', 'Test')
  await expect(dialog(page).getByText('HTTP 200')).toBeVisible()
  await look(watched, '05-test-provider')
  await pressIn(page, 'Close')
  await act(page, 'Fake LLM', 'Discover models')
  await expect(dialog(page).getByText('gpt-4', { exact: true })).toBeVisible()
  await look(watched, '06-discover-models')
  await dialog(page).getByText('gpt-4', { exact: true }).click()
  await pressIn(page, /^Enable \d+ models?$/)
  await noDialog(page)
  await look(watched, '07-providers')
  expect(await everythingKept(page)).not.toContain('sk-tour-credential')
})

test('a key is created, and its secret is shown once', async () => {
  await go('/keys')
  await expect(page.getByText('A key lets one of your programs use a model')).toBeVisible()
  await look(watched, '08-my-keys-empty')
  await press(page, 'Create API key')
  await dialog(page).getByLabel('Name', { exact: true }).fill(keyName)
  await dialog(page).getByLabel('Application').fill('newsletter-writer')
  await look(watched, '09-create-key')
  await pressIn(page, 'Create key')
  await expect(dialog(page).getByText('Save this key now')).toBeVisible()
  secret = (await dialog(page).getByLabel(`secret of ${keyName}`, { exact: true }).textContent())?.trim() ?? ''
  expect(secret).toMatch(/^aic_[0-9A-Za-z]{50}$/)
  await expect(dialog(page).getByText('Waiting for the first request…')).toBeVisible()
  await look(watched, '10-secret')
})

test('the snippet of the dialog is what the gateway answers, and the dialog turns green', async () => {
  await expect(dialog(page).getByRole('region', { name: 'curl example' })).toContainText(secret)
  const response = await callWork(product, secret)
  expect(response.status).toBe(200)
  await expect(dialog(page).getByText(/^First request received/)).toBeVisible({ timeout: 20_000 })
  await look(watched, '11-first-request')
  await pressIn(page, 'Done')
  await noDialog(page)
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
  await expect(dialog(page).getByText('Request id')).toBeVisible()
  await look(watched, '16-log-entry')
  await page.keyboard.press('Escape')
  await noDialog(page)
})

test('a user is added with a one-time link', async () => {
  await go('/admin/users')
  await press(page, 'Create user')
  await dialog(page).getByLabel('Username').fill('grace')
  await dialog(page).getByLabel('Name', { exact: true }).fill('Grace Hopper')
  await look(watched, '17-create-user')
  await pressIn(page, 'Create user')
  const link = (await dialog(page).getByLabel('link for Grace Hopper', { exact: true }).textContent())?.trim() ?? ''
  expect(link).toContain(`${product.url}/set-password#token=`)
  await pressIn(page, 'Done')
  await expect(page.getByText('Grace Hopper').first()).toBeVisible()
  await look(watched, '18-users')
  expect(await everythingKept(page)).not.toContain(link.split('token=')[1])
})

test('an access token is made for scripts and works over GraphQL', async () => {
  await go('/account')
  await press(page, 'Create token')
  await dialog(page).getByLabel('Name', { exact: true }).fill('Nightly report')
  await look(watched, '19-create-token')
  await pressIn(page, 'Create token')
  token = (await dialog(page).getByLabel('access token', { exact: true }).textContent())?.trim() ?? ''
  expect(token).toMatch(/^aicp_[0-9A-Za-z]{50}$/)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ query: '{ viewer { username } }' })
  const answer: unknown = await (await fetch(`${product.url}/graphql`, { method: 'POST', headers, body })).json()
  expect(answer).toEqual({ data: { viewer: { username: 'ada' } } })
  await pressIn(page, /^(Done|Close)$/)
  await noDialog(page)
  expect(await everythingKept(page)).not.toContain(token.slice(17, 48))
  await look(watched, '20-account')
})

test('an expired key is refused at once', async () => {
  await go('/admin/keys')
  await act(page, keyName, 'Expire')
  await look(watched, '21-expire-key')
  await dialog(page).getByLabel('Type the name to confirm').fill(keyName)
  await pressIn(page, 'Expire key')
  await noDialog(page)
  const refused = await callWork(product, secret)
  expect(refused.status).toBe(401)
  expect(await refused.json()).toMatchObject({ error: { code: 'key_expired' } })
  await expect(page.getByText('Expired').first()).toBeVisible()
  await look(watched, '22-expired')
})

test('a session that ends under a form costs its password again, and nothing that was typed', async () => {
  await go('/keys')
  await press(page, 'Create API key')
  await dialog(page).getByLabel('Name', { exact: true }).fill('Typed before the end')
  await page.context().clearCookies()
  await pressIn(page, 'Create key')
  await expect(dialog(page).getByText('Your session has ended.')).toBeVisible()
  await expect(dialog(page).getByLabel('Username')).toHaveValue('ada')
  await look(watched, '23-sign-in-again')
  await page.keyboard.press('Escape')
  await dialog(page).getByLabel('Password', { exact: true }).fill('not this one')
  await pressIn(page, 'Sign in')
  await expect(dialog(page).getByText('The username or the password is not right.')).toBeVisible()
  await dialog(page).getByLabel('Password', { exact: true }).fill(password)
  await pressIn(page, 'Sign in')
  await expect(dialog(page).getByText('Waiting for the first request…')).toBeVisible()
  await pressIn(page, 'Done')
  await noDialog(page)
  await expect(page.getByText('Typed before the end').first()).toBeVisible()
})

test('signing out ends the session, and signing in begins another', async () => {
  await press(page, /^Account menu of/)
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await look(watched, '24-sign-in')
  await giveCredentials(page, { username: 'ada', password })
  await expect(page).toHaveURL(/\/admin\/keys$/)
})
