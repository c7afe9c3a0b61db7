import { expect, type Page, test } from '@playwright/test'
import { type FakeProvider, startFakeProvider } from '../fake-provider.ts'
import { type Product, startProduct } from '../product/process.ts'
import { type Admin, type Key, type Person, setUp } from '../product/world.ts'
import { act, callWork, dialog, noDialog, press, pressIn, signIn, tag } from './hands.ts'
import { everythingKept, look, type Watched } from './watch.ts'

// How keys are governed, as one story of an administrator and a user: each test goes on where the one before ended.
test.describe.configure({ mode: 'serial' })

let fake: FakeProvider
let product: Product
let admin: Admin
let grace: Person
let old: Key
let desk: Watched
let seat: Watched
let reviewPath = ''

test.beforeAll(async ({ browser }) => {
  fake = await startFakeProvider()
  product = await startProduct()
  admin = await setUp(product)
  const provider = await admin.provider(fake, { name: 'Fake LLM' })
  await admin.api.mutate(
    'createRule',
    { name: 'Users may', effect: 'ALLOW', modelPattern: '.*', role: 'USER' },
    'rule { id }',
  )
  grace = await admin.user('grace')
  old = await grace.key(provider, { name: 'Old pipeline', type: 'Production' })
  desk = await signIn(browser, product, admin)
  seat = await signIn(browser, product, grace)
})
test.afterAll(async () => {
  await desk.page.context().close()
  await seat.page.context().close()
  await product.stop()
  await fake.close()
})
test.afterEach(() => {
  expect([...desk.troubles.splice(0), ...seat.troubles.splice(0)]).toEqual([])
})

const go = ({ page }: Watched, path: string) => page.goto(`${product.url}${path}`)

/** The next mutation of this name is refused on its way. */
async function refuseOnce(page: Page, mutation: string): Promise<void> {
  const data = { [mutation]: { __typename: 'NotFound', message: 'Not this time.' } }
  let isRefused = false
  await page.route('**/graphql', (route) => {
    if (isRefused || !route.request().postData()?.includes(`${mutation}(`)) return route.fallback()
    isRefused = true
    return route.fulfill({ json: { data } })
  })
}

test('a key type is added, and goes again with its rules', async () => {
  const { page } = desk
  await go(desk, '/admin/policies')
  await expect(page.getByRole('link', { name: 'Production' })).toBeVisible()
  await look(desk, 'g01-policies')
  await press(page, 'Add key type')
  await dialog(page).getByLabel('Name').fill('Partner')
  await look(desk, 'g02-add-key-type')
  await pressIn(page, 'Add key type')
  await expect(page.getByRole('heading', { name: 'Partner keys' })).toBeVisible()
  await page.getByLabel('Keys per user').fill('3')
  await press(page, 'Add limit')
  await page.getByLabel('Amount').fill('100')
  await press(page, 'Preview and save')
  await expect(dialog(page).getByText('No living key is of this type.')).toBeVisible()
  await refuseOnce(page, 'setDefaultLimits')
  await pressIn(page, 'Save rules')
  await expect(dialog(page).getByText('Not this time.')).toBeVisible()
  // The rules are saved, their limits are not: they are still in the form.
  await expect(page.getByText('3 keys per user')).toBeVisible()
  await pressIn(page, 'Save rules')
  await noDialog(page)
  await expect(page.getByText('3 keys per user · limited at first')).toBeVisible()
  await act(page, 'Partner', 'Take the rules away')
  await look(desk, 'g03-take-rules-away')
  await pressIn(page, 'Cancel')
  await act(page, 'Partner', 'Delete key type')
  await look(desk, 'g04-delete-key-type')
  await dialog(page).getByLabel('Type the name to confirm').fill('Partner')
  await pressIn(page, 'Delete key type')
  await noDialog(page)
  await expect(page.getByRole('link', { name: 'Partner' })).toHaveCount(0)
})

test('a policy is changed, after a look at the keys that break it', async () => {
  const { page } = desk
  await page.getByRole('link', { name: 'Production' }).click()
  await page.getByLabel('Naming pattern').fill('[a-z]+-(dev|prod)')
  await tag(page, 'Good examples', 'search-prod')
  await tag(page, 'Bad examples', 'test key')
  await page.getByLabel('Try a name').fill('Search')
  await expect(page.getByRole('list', { name: 'Names tested' })).toContainText('is refused')
  await page.getByLabel('Purpose').click()
  await press(page, 'Add field')
  await page.getByLabel('Name', { exact: true }).fill('Cost centre')
  await tag(page, 'Choices', '4711')
  await page.getByLabel('At most days').fill('45')
  await page.getByLabel('Usual days').fill('45')
  await page.getByRole('switch', { name: /Needs approval/ }).click()
  await look(desk, 'g05-policy')
  await press(page, 'Preview and save')
  await expect(dialog(page).getByText('1 of 1 living key would break these rules.')).toBeVisible()
  await expect(dialog(page).getByText('Keys of this type live 45 days or less.')).toBeVisible()
  await look(desk, 'g06-policy-preview')
  await dialog(page).getByLabel('Ask their owners').click()
  await pressIn(page, 'Save rules')
  await expect(page.getByText(/Needs approval · names like “search-prod”/)).toBeVisible()
  await expect(page.getByText('Owners of 1 key told')).toBeVisible()
})

test('a user asks for a key, which the form shapes as the policy says', async () => {
  const { page } = seat
  await go(seat, '/requests')
  await expect(page.getByText('What is asked for stands here.')).toBeVisible()
  await look(seat, 'g07-requests-empty')
  await press(page, 'Ask for a key')
  await expect(dialog(page).getByText('Production keys need approval.')).toBeVisible()
  await expect(dialog(page).getByRole('radio')).toHaveCount(4)
  await dialog(page).getByLabel('Name', { exact: true }).fill('Search')
  await pressIn(page, 'Ask for approval')
  await expect(dialog(page).getByText('Purpose is required for Production keys')).toBeVisible()
  await expect(dialog(page).getByText('Cost centre is required for Production keys')).toBeVisible()
  await look(seat, 'g08-ask-refused')
  await dialog(page).getByLabel('Name', { exact: true }).fill('search-prod')
  await dialog(page).getByLabel('Purpose').fill('Finds products')
  await dialog(page).getByLabel('Cost centre').click()
  await page.getByRole('option', { name: '4711' }).click()
  await pressIn(page, 'Ask for approval')
  await expect(dialog(page).getByText('Those who may approve it have been told.')).toBeVisible()
  await look(seat, 'g09-asked')
  await pressIn(page, 'Done')
  await press(page, 'search-prod')
  await expect(dialog(page).getByText('It is your own: somebody else has to answer it.')).toBeVisible()
  await look(seat, 'g10-own-request')
  await pressIn(page, 'Withdraw')
  await look(seat, 'g11-withdraw')
  await pressIn(page, 'Cancel')
})

test('an administrator sees it waiting and approves it with a change', async () => {
  const { page } = desk
  await go(desk, '/requests')
  await expect(page.getByRole('link', { name: 'Requests 1 waiting' })).toBeVisible()
  await look(desk, 'g12-requests')
  await press(page, 'search-prod')
  await expect(dialog(page).getByText('4711')).toBeVisible()
  await pressIn(page, 'Decline')
  await expect(dialog(page).getByText('its name is free again')).toBeVisible()
  await look(desk, 'g13-decline')
  await pressIn(page, 'Cancel')
  await pressIn(page, 'Approve')
  await dialog(page)
    .getByRole('switch', { name: /Change what was asked for/ })
    .click()
  await dialog(page).getByText('30 days').click()
  await dialog(page).getByLabel('Comment').fill('For the pilot')
  await look(desk, 'g14-approve')
  await pressIn(page, 'Change and approve')
  await expect(dialog(page).getByText('Secret waits')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('link', { name: 'Requests', exact: true })).toBeVisible()
})

test('the user takes the secret once, and it works', async () => {
  const { page } = seat
  await go(seat, '/requests')
  await press(page, 'search-prod')
  await expect(dialog(page).getByText('For the pilot')).toBeVisible()
  await pressIn(page, 'Take the secret')
  await look(seat, 'g15-take-secret')
  await pressIn(page, 'Show the secret')
  const field = dialog(page).getByLabel('secret of search-prod', { exact: true })
  await expect(field).toBeVisible()
  const secret = (await field.textContent())?.trim() ?? ''
  expect((await callWork(product, secret)).status).toBe(200)
  await expect(dialog(page).getByText(/^First request received/)).toBeVisible({ timeout: 20_000 })
  await look(seat, 'g16-secret')
  await pressIn(page, 'Done')
  await expect(dialog(page).getByText('Secret shown')).toBeVisible()
  expect(await everythingKept(page)).not.toContain(secret.slice(16, 48))
  await expect(dialog(page).getByRole('button', { name: 'Take the secret' })).toHaveAttribute('aria-disabled', 'true')
})

test('a review asks for every key, and an owner keeps one', async () => {
  const { page } = desk
  await go(desk, '/reviews')
  await expect(page.getByText('A review asks for every key whether it is still needed.')).toBeVisible()
  await look(desk, 'g17-reviews-empty')
  await press(page, 'Begin review')
  await dialog(page).getByLabel('Name', { exact: true }).fill('Autumn review')
  await look(desk, 'g18-begin-review')
  await pressIn(page, 'Begin review')
  await expect(page.getByRole('heading', { name: 'Autumn review' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Keep search-prod' })).toBeVisible()
  reviewPath = new URL(page.url()).pathname
  await go(seat, reviewPath)
  await press(seat.page, 'Keep search-prod')
  await dialog(seat.page).getByLabel('Comment').fill('In daily use')
  await pressIn(seat.page, 'Keep search-prod')
  await expect(seat.page.getByText('In daily use')).toBeVisible()
  await look(seat, 'g19-review-of-owner')
})

test('the administrator expires what is left and ends the review, whose report is signed', async () => {
  const { page } = desk
  await go(desk, `${reviewPath}?open=yes`)
  await page.getByLabel('Choose Old pipeline').click()
  await page.keyboard.press('x')
  await expect(dialog(page).getByText('This answer is final.')).toBeVisible()
  await look(desk, 'g20-expire-reviewed')
  await dialog(page).getByLabel('Type the name to confirm').fill('Old pipeline')
  await pressIn(page, 'Expire Old pipeline')
  await noDialog(page)
  expect((await old.post({ model: 'fake-gpt', messages: [] })).status).toBe(401)

  await press(page, 'End review')
  await expect(dialog(page).getByText('Every key was answered for.')).toBeVisible()
  await look(desk, 'g21-end-review')
  await dialog(page).getByLabel('Type the name to confirm').fill('Autumn review')
  await pressIn(page, 'End review')
  await expect(page.getByText('Signature of the report:')).toBeVisible()
  await press(page, 'Clear filters')
  await expect(page.getByText('In daily use')).toBeVisible()
  await look(desk, 'g22-review-ended')
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download the report as CSV' }).click()
  expect((await download).suggestedFilename()).toMatch(/^access-review-.*\.csv$/)
  await go(desk, '/reviews')
  await expect(page.getByText('2 of 2 answered')).toBeVisible()
  await look(desk, 'g23-reviews')
})
