import { expect, test } from '@playwright/test'
import { openWorld, type World } from '../product.ts'
import { signIn } from './hands.ts'

let world: World

test.beforeAll(async () => {
  world = await openWorld()
})
test.afterAll(() => world.close())

test('a tab from before an upgrade opens the pages of the new console', async ({ browser }) => {
  const { page } = await signIn(browser, world.product, world.admin)
  // What a newer server says of the files that an older console asks for.
  await page.route('**/assets/RulesPage*', (route) => route.fulfill({ status: 404 }))
  const loaded = page.waitForEvent('load')
  await page.getByRole('link', { name: 'Rules' }).click()
  await loaded
  await expect(page).toHaveURL(/\/admin\/rules$/)
  await expect(page.getByText('A part of this page could not be loaded.')).toBeVisible()
  await page.unroute('**/assets/RulesPage*')
  await page.getByRole('button', { name: 'Retry' }).click()
  await expect(page.getByRole('heading', { name: 'Rules' })).toBeVisible()
  await page.context().close()
})

test('a page that cannot be loaded while the server is away says so', async ({ browser }) => {
  const { page } = await signIn(browser, world.product, world.admin)
  await page.context().setOffline(true)
  await page.getByRole('link', { name: 'Rules' }).click()
  await expect(page.getByText('The server could not be reached.')).toBeVisible()
  await page.context().close()
})

test('a console that cannot begin says why, and by which request', async ({ browser }) => {
  const { page } = await signIn(browser, world.product, world.admin)
  const errors = [{ message: 'Unexpected error.', extensions: { requestId: 'the-request' } }]
  await page.route('**/graphql', (route) => route.fulfill({ status: 500, json: { errors } }))
  await page.reload()
  await expect(page.getByText('Unexpected error.')).toBeVisible()
  await expect(page.getByText('the-request')).toBeVisible()
  await page.context().close()
})

test('a role that is taken away leaves the console with it', async ({ browser }) => {
  const dana = await world.admin.user('dana', 'ADMINISTRATOR')
  const { page } = await signIn(browser, world.product, dana)
  await page.getByRole('link', { name: 'Groups' }).click()
  await page.getByRole('button', { name: 'Create group' }).first().click()
  await world.admin.api.mutate('updateUser', { id: dana.id, role: 'USER' }, 'user { id }')
  await page.getByLabel('Name').fill('Writers')
  await page.getByRole('dialog').getByRole('button', { name: 'Create group' }).click()
  await expect(page.getByText('You may not do this.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.locator('nav a[href="/admin/groups"]')).toHaveCount(0)
  await page.context().close()
})

test('a link to a review that is not there says so', async ({ browser }) => {
  const { page } = await signIn(browser, world.product, world.admin)
  await page.goto(`${world.product.url}/reviews/01890000-0000-7000-8000-000000000000`)
  await expect(page.getByRole('heading', { name: 'There is no such review' })).toBeVisible()
  await page.context().close()
})
