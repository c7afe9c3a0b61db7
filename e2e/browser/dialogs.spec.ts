import { expect, type Page, test } from '@playwright/test'
import type { Person } from '../product/world.ts'
import { openWorld, type World } from '../product.ts'
import { act, button, dialog, noDialog, press, pressIn, signIn } from './hands.ts'
import type { Watched } from './watch.ts'

// What dialogs owe to those who use them with the keyboard, and to the page they were opened from.
let world: World
let dana: Person
let page: Page
let watched: Watched

test.beforeAll(async ({ browser }) => {
  world = await openWorld()
  dana = await world.admin.user('dana')
  await dana.key(world.provider, { name: 'Nightly digest' })
  watched = await signIn(browser, world.product, world.admin)
  page = watched.page
})
test.afterAll(async () => {
  await page.context().close()
  await world.close()
})
test.afterEach(() => {
  expect(watched.troubles.splice(0)).toEqual([])
})

const go = (path: string) => page.goto(`${world.product.url}${path}`)

test('the secret of a rotated key stays on show when the key leaves the list it was rotated from', async () => {
  await go('/admin/keys?status=ACTIVE')
  await act(page, 'Nightly digest', 'Rotate')
  await pressIn(page, 'Make the new secret')
  await expect(page.getByLabel('Actions for Nightly digest')).toHaveCount(0)
  await expect(dialog(page)).toContainText('Save the new secret now')
  await press(dialog(page), 'Done')
})

test('a dialog gives the focus back to the menu it was opened from', async () => {
  await go('/admin/keys')
  await act(page, 'Nightly digest', 'Edit')
  await page.keyboard.press('Escape')
  await noDialog(page)
  await expect(button(page, 'Actions for Nightly digest')).toBeFocused()
})

test('the focus stays in a list whose row is deleted', async () => {
  for (const name of ['Writers', 'Readers']) await world.admin.api.mutate('createGroup', { name }, 'group { id }')
  await go('/admin/groups')
  await act(page, 'Writers', 'Delete')
  await page.keyboard.type('Writers')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('region', { name: 'Groups' })).toBeFocused()
  await act(page, 'Readers', 'Delete')
  await page.keyboard.type('Readers')
  await page.keyboard.press('Enter')
  await expect(page.getByText('A group lets one rule')).toBeVisible()
  await expect(page.getByRole('main')).toBeFocused()
})

test('Escape leaves a form, but neither what is under way nor a secret that is shown once', async () => {
  await go('/keys')
  await press(page, 'Create API key')
  await page.keyboard.press('Escape')
  await noDialog(page)

  const held = Promise.withResolvers<void>()
  await page.route('**/graphql', async (route) => {
    if (route.request().postData()?.includes('mutation CreateApiKey')) await held.promise
    await route.continue()
  })
  await press(page, 'Create API key')
  await dialog(page).getByLabel('Name').fill('Slow answer')
  await pressIn(page, 'Create key')
  await expect(button(dialog(page), 'Cancel')).toBeDisabled()
  await page.keyboard.press('Escape')
  held.resolve()
  await expect(dialog(page)).toContainText('Save this key now')
  await page.keyboard.press('Escape')
  await pressIn(page, 'Done')
  await noDialog(page)
  await page.unroute('**/graphql')
})

test('a form that is sent with a mistake out of sight leads to it', async () => {
  await page.setViewportSize({ width: 800, height: 420 })
  await go('/admin/rules')
  await press(page, 'Create rule')
  const name = dialog(page).getByPlaceholder('Marketing may use GPT-4')
  await dialog(page).getByText('Off: it is as if it were not there.').scrollIntoViewIfNeeded()
  await expect(name).not.toBeInViewport()
  await pressIn(page, 'Create rule')
  await expect(name).toBeFocused()
  await expect(name).toBeInViewport()
  await page.setViewportSize({ width: 1440, height: 900 })
})
