// `npm start`: from a fresh clone to a running server. The second time it only looks whether something changed.
import { readFileSync } from 'node:fs'
import { whenNpmEnds } from './setup/npm.mjs'
import { prepare } from './setup/prepare.mjs'
import { become, say } from './setup/tools.mjs'

// Left to itself, glibc raises both with the largest block it has seen, and keeps 20 MB of what starting up took. V8's
// young generation is large enough for requests to be over before it is collected: with 8 MB and all checks on, one
// request takes a sixth more CPU, and 32 MB is no faster.
const SERVER_ENV = JSON.parse(readFileSync(new URL('setup/server-env.json', import.meta.url), 'utf8'))

try {
  const { node, env } = prepare()
  const server = become(node, ['server/main.ts', ...process.argv.slice(2)], { env: { ...SERVER_ENV, ...env } })
  whenNpmEnds(() => server.kill('SIGTERM'))
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
