// `node scripts/run.mjs FILE ARGUMENTS…`: runs one of our TypeScript programs with the right Node, everything prepared.
import { prepare } from './setup/prepare.mjs'
import { become, say } from './setup/tools.mjs'

try {
  const { node, env } = prepare()
  become(node, process.argv.slice(2), { env })
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
