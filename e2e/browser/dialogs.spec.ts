import { expect, type Page, test } from '@playwright/test'
import type { Person } from '../product/world.ts'
import { openWorld, type World } from '../product.ts'
import { act, dialog, press, pressIn, signIn } from './hands.ts'
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
