import { fileURLToPath } from 'node:url'
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/** A page that is watched while it is used: what it printed, where it connected to. */
export type Watched = {
  readonly page: Page
  /** Sentences about what must not have happened; empty when all is well. */
  readonly troubles: string[]
}

const screenshots = fileURLToPath(new URL('../screenshots/', import.meta.url))

/** Notes every console error, page error, failed request and request to another origin. */
export function watch(page: Page, origin: string): Watched {
  const troubles: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(`console ${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => troubles.push(`page error: ${error.message}`))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !/^(data|blob|about):/.test(url)) troubles.push(`a request left for ${url}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) troubles.push(`${response.status()} for ${response.url()}`)
  })
  return { page, troubles }
}

type Rules = 'all' | 'contrast'

async function expectNoViolation(page: Page, where: string, rules: Rules): Promise<void> {
  const builder = new AxeBuilder({ page })
  const { violations } = await (rules === 'all' ? builder : builder.withRules(['color-contrast'])).analyze()
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`)
  expect.soft(found, `axe on ${where}`).toEqual([])
}

async function expectNoSidewaysScroll(page: Page, where: string): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect.soft(over, `${where} must not scroll sideways`).toBeLessThanOrEqual(0)
}

/** Waits until nothing moves: skeletons gone, transitions done, fonts there. */
async function settle(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"], .animate-pulse') === null)
  await page.evaluate(async () => {
    await document.fonts.ready
    const endless = (animation: Animation) =>
      animation.effect?.getComputedTiming().iterations === Number.POSITIVE_INFINITY
    await Promise.allSettled(
      document
        .getAnimations()
        .filter((one) => !endless(one))
        .map((one) => one.finished),
    )
  })
}

/** Looks at the page as it is: light, dark and 390 px wide; each is photographed and must satisfy axe. */
export async function look({ page }: Watched, name: string): Promise<void> {
  const size = page.viewportSize()
  for (const colorScheme of ['light', 'dark'] as const) {
    // A notice that fades away while it is looked at has no contrast of its own.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await settle(page)
    await page.screenshot({ path: `${screenshots}${name}-${colorScheme}.png` })
    // In the dark the same elements have other colours, and nothing else differs.
    await expectNoViolation(page, `${name}, ${colorScheme}`, colorScheme === 'light' ? 'all' : 'contrast')
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 390, height: 844 })
  await settle(page)
  await page.screenshot({ path: `${screenshots}${name}-390.png` })
  await expectNoViolation(page, `${name}, 390 px`, 'all')
  await expectNoSidewaysScroll(page, `${name}, 390 px`)
  if (size) await page.setViewportSize(size)
}

/** Everything a later visitor of this browser could read: the document, its fields, its stores, its address. */
export async function everythingKept(page: Page): Promise<string> {
  const kept = await page.evaluate(async () => {
    const fields = [...document.querySelectorAll('input, textarea')].map((field) =>
      'value' in field ? String(field.value) : '',
    )
    const stores = [
      JSON.stringify({ ...localStorage }),
      JSON.stringify({ ...sessionStorage }),
      JSON.stringify(history.state),
    ]
    const databases = (await indexedDB.databases()).map(({ name }) => name ?? '')
    return [
      document.documentElement.outerHTML,
      location.href,
      document.cookie,
      ...fields,
      ...stores,
      ...databases,
    ].join('\n')
  })
  const cookies = await page.context().cookies()
  return (
    kept +
    cookies
      .filter(({ name }) => !name.startsWith('__Host-'))
      .map(({ value }) => value)
      .join('\n')
  )
}
