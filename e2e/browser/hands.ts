import { type Browser, expect, type Locator, type Page } from '@playwright/test'
import type { Product } from '../product/process.ts'
import type { Person } from '../product/world.ts'
import { type Watched, watch } from './watch.ts'

/** A browser of one's own, watched from its first page on. */
export async function openBrowser(browser: Browser, product: Product): Promise<Watched> {
  return watch(await (await browser.newContext()).newPage(), product.url)
}

type Credentials = Pick<Person, 'username' | 'password'>

/** Signs in where the page asks for it. */
export async function giveCredentials(page: Page, { username, password }: Credentials): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await press(page, 'Sign in')
  await expect(page).toHaveURL(/keys$/)
}

/** A browser of one's own, in which somebody has signed in. */
export async function signIn(browser: Browser, product: Product, person: Credentials): Promise<Watched> {
  const watched = await openBrowser(browser, product)
  await watched.page.goto(`${product.url}/sign-in`)
  await giveCredentials(watched.page, person)
  return watched
}

/** What a program does with a key. */
export const callWork = (product: Product, secret: string): Promise<Response> =>
  fetch(`${product.url}/work`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fake-gpt', messages: [{ role: 'user', content: 'Hello, world!' }] }),
  })

/** The dialog on top, where one opens another. */
export const dialog = (page: Page): Locator => page.getByRole('dialog').last()

export const noDialog = (page: Page): Promise<void> => expect(page.getByRole('dialog')).toHaveCount(0)

type Place = Page | Locator
type Name = string | RegExp

export const button = (place: Place, name: Name): Locator =>
  place.getByRole('button', { name, exact: typeof name === 'string' })

export const press = (place: Place, name: Name): Promise<void> => button(place, name).first().click()

/** Presses a button of the dialog on top. */
export const pressIn = (page: Page, name: Name): Promise<void> => press(dialog(page), name)

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
