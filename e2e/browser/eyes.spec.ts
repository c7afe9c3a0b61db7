import { expect, test } from '@playwright/test'
import { openWorld, type World } from '../product.ts'
import { act, dialog, press, signIn } from './hands.ts'

// What a console owes to people who see it small, enlarged or in colours of their own.
let world: World

test.beforeAll(async () => {
  world = await openWorld()
})
test.afterAll(() => world.close())

test('a low, narrow screen cuts no title of a dialog, and nothing lies on it', async ({ browser }) => {
  const { page } = await signIn(browser, world.product, world.admin)
  await page.setViewportSize({ width: 320, height: 568 })
  await page.goto(`${world.product.url}/admin/limits`)
  await press(page, 'Create limit')
  const box = await dialog(page).boundingBox()
  const title = await dialog(page).getByRole('heading', { name: 'Create limit' }).boundingBox()
  const words = await dialog(page).getByText('Many limits can concern one request').boundingBox()
  const cross = await dialog(page).getByRole('button', { name: 'Close' }).boundingBox()
  if (!box || !title || !words || !cross) throw new Error('a part of the dialog is not there')
  expect(title.y).toBeGreaterThan(box.y)
  expect(words.x + words.width).toBeLessThanOrEqual(cross.x)
  await page.context().close()
})

test('long words of a key make its page no wider than a narrow screen', async ({ browser }) => {
  const key = await world.admin.key(world.provider, { name: 'W'.repeat(64), application: 'A'.repeat(64) })
  const { page } = await signIn(browser, world.product, world.admin)
  await page.setViewportSize({ width: 320, height: 568 })
  await page.goto(`${world.product.url}/keys/${key.id}`)
  await expect(page.getByText('A'.repeat(64))).toBeVisible()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
  await page.context().close()
})

test('a dialog that asks to confirm shows the whole of a long name', async ({ browser }) => {
  const name = 'W'.repeat(64)
  await world.admin.api.mutate('createGroup', { name }, 'group { id }')
  const { page } = await signIn(browser, world.product, world.admin)
  await page.setViewportSize({ width: 390, height: 760 })
  await page.goto(`${world.product.url}/admin/groups`)
  await act(page, name, 'Delete')
  const shown = dialog(page).getByRole('paragraph').filter({ hasText: name })
  expect(await shown.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0)
  await page.context().close()
})

test('forced colours show which rule is on', async ({ browser }) => {
  await world.admin.api.mutate(
    'createRule',
    { name: 'Not yet', effect: 'DENY', modelPattern: '.*', enabled: false },
    'rule { id }',
  )
  const { page } = await signIn(browser, world.product, world.admin)
  await page.emulateMedia({ forcedColors: 'active' })
  await page.goto(`${world.product.url}/admin/rules`)
  const ground = (isOn: boolean) =>
    page
      .getByRole('switch', { checked: isOn })
      .first()
      .evaluate((one) => getComputedStyle(one).backgroundColor)
  expect(await ground(true)).not.toBe(await ground(false))
  await page.context().close()
})
