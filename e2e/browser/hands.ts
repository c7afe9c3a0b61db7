import { type Browser, expect, type Locator, type Page } from '@playwright/test'
import type { Product } from '../product/process.ts'
import type { Person } from '../product/world.ts'
import { type Watched, watch } from './watch.ts'

/** A browser of one's own, in which somebody has signed in. */
export async function signIn(browser: Browser, product: Product, { username, password }: Person): Promise<Watched> {
  const page = await (await browser.newContext()).newPage()
  const watched = watch(page, product.url)
  await page.goto(`${product.url}/sign-in`)
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await press(page, 'Sign in')
  await expect(page).toHaveURL(/keys$/)
  return watched
}

/** The dialog on top, where one opens another. */
export const dialog = (page: Page): Locator => page.getByRole('dialog').last()

export const noDialog = (page: Page): Promise<void> => expect(page.getByRole('dialog')).toHaveCount(0)

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).first().click()

export const pressIn = (page: Page, name: string): Promise<void> =>
  dialog(page).getByRole('button', { name, exact: true }).first().click()

/** Adds one word to a field that takes several. */
export async function tag(page: Page, label: string, word: string): Promise<void> {
  await page.getByLabel(label).locator('input').or(page.getByLabel(label)).last().fill(word)
  await page.keyboard.press('Enter')
}

/** Opens a row's menu and chooses one of its actions. */
export async function act(page: Page, row: string, action: string): Promise<void> {
  await press(page, `Actions for ${row}`)
  await page.getByRole('menuitem', { name: action }).click()
  await expect(dialog(page)).toBeVisible()
}
