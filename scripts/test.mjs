// `npm test`: everything that can be checked, one line at the end: `N passed, N failed`.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findChromium } from './setup/chromium.mjs'
import { prepare } from './setup/prepare.mjs'
import { ROOT, run, say } from './setup/tools.mjs'

const RESULTS = join(ROOT, 'e2e/results')
const UNIT_RESULTS = join(RESULTS, 'vitest.json')
const BROWSER_RESULTS = join(RESULTS, 'playwright.json')

const total = { passed: 0, failed: 0 }

function count(name, { passed, failed }) {
  total.passed += passed
  total.failed += failed
  say(`${failed === 0 ? 'ok  ' : 'FAIL'} ${name}: ${passed} passed, ${failed} failed`)
}

const one = (exitCode) => (exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 })

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

/** A suite that could not even be loaded has no tests that failed, but it is no success; so is a run without a report. */
function vitestCounts(exitCode) {
  const report = readReport(UNIT_RESULTS)
  const passed = report?.numPassedTests ?? 0
  const unloaded = (report?.testResults ?? []).filter((file) => file.status === 'failed' && isEmpty(file)).length
  const failed = (report?.numFailedTests ?? 0) + unloaded
  return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed }
}

const isEmpty = (file) => !file.assertionResults.some((result) => result.status === 'failed')

function playwrightCounts(exitCode) {
  const stats = readReport(BROWSER_RESULTS)?.stats
  const failed = stats?.unexpected ?? 0
  return { passed: (stats?.expected ?? 0) + (stats?.flaky ?? 0), failed: exitCode !== 0 && failed === 0 ? 1 : failed }
}

function checkAll({ pnpm, env: tools }) {
  const chromium = findChromium({ pnpm, env: tools })
  const env = { ...tools, CI: 'true', ...(chromium && { AIC_CHROMIUM: chromium }) }
  const exec = (args, more = {}) => run(pnpm, ['exec', ...args], { env: { ...env, ...more } })
  mkdirSync(RESULTS, { recursive: true })
  for (const path of [UNIT_RESULTS, BROWSER_RESULTS]) rmSync(path, { force: true })

  count('types of the server', one(exec(['tsc', '-p', 'server'])))
  count('types of the end-to-end tests', one(exec(['tsc', '-p', 'e2e'])))
  const inConsole = (args) => run(pnpm, ['--dir', 'console', 'exec', ...args], { env })
  inConsole(['gql.tada', 'generate-output'])
  count('types of the console', one(inConsole(['vue-tsc', '--noEmit'])))
  count('documents of the console', one(inConsole(['gql.tada', 'check'])))
  count('lint and format', one(exec(['biome', 'check', '.', '--max-diagnostics=100'])))
  count('dead code', one(exec(['knip'])))
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${UNIT_RESULTS}`]
  count('tests', vitestCounts(exec(['vitest', 'run', ...reporters])))
  if (existsSync(join(ROOT, 'e2e/playwright.config.ts'))) {
    const args = ['--dir', 'e2e', 'exec', 'playwright', 'test', '--reporter=list,json']
    const exitCode = run(pnpm, args, { env: { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: BROWSER_RESULTS } })
    count('browser tests', playwrightCounts(exitCode))
  }
}

try {
  checkAll(prepare())
} catch (error) {
  say(error.message)
  total.failed += 1
}
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`)
process.exitCode = total.failed === 0 ? 0 : 1
