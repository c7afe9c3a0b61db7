// Finds a Chromium for the browser tests, or brings one.
import { existsSync } from 'node:fs'
import { run, say } from './tools.mjs'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The path of the machine's own Chromium; null when Playwright has its own. */
export function findChromium({ pnpm, env }) {
  const found = PLACES.find((path) => existsSync(path))
  if (found !== undefined) return found
  say('Installing Chromium')
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const debian = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } }
    run('apt-get', ['update', '-q'], debian)
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], debian)
    const installed = PLACES.find((path) => existsSync(path))
    if (installed !== undefined) return installed
  }
  if (run(pnpm, ['--dir', 'e2e', 'exec', 'playwright', 'install', 'chromium'], { env }) !== 0) {
    say('There is no Chromium and none could be installed: the browser tests will fail')
  }
  return null
}
