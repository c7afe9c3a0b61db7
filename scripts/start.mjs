// `npm start`: from a fresh clone to a running server. The second time it only looks whether something changed.
import { whenNpmEnds } from './setup/npm.mjs'
import { prepare } from './setup/prepare.mjs'
import { become, say } from './setup/tools.mjs'

try {
  const { node, env } = prepare()
  const server = become(node, ['server/main.ts', ...process.argv.slice(2)], { env })
  whenNpmEnds(() => server.kill('SIGTERM'))
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
