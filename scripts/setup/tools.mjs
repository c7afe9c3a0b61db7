// Brings Node 24 and pnpm 12 where the machine has none. Plain JavaScript for Node 20.19: it runs before anything else.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TOOLS = join(ROOT, '.tools')
const OWN_NODE = join(TOOLS, 'node_modules/node/bin/node')
const OWN_PNPM = join(TOOLS, 'node_modules/.bin/pnpm')
const NODE_VERSION = '24.21.0'
const PNPM_VERSION = '12.21.0'

/** What the machine lacks is installed into .tools; the answer says which programs to use. */
export function findTools() {
  const machineNode = Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : null
  const machinePnpm = versionOf('pnpm')?.startsWith('12.') ? 'pnpm' : null
  const wanted = []
  if (machineNode === null && versionOf(OWN_NODE) !== `v${NODE_VERSION}`) wanted.push(`node@${NODE_VERSION}`)
  if (machinePnpm === null && !existsSync(OWN_PNPM)) wanted.push(`pnpm@${PNPM_VERSION}`)
  if (wanted.length > 0) installTools(wanted)
  const node = machineNode ?? OWN_NODE
  return { node, pnpm: machinePnpm ?? OWN_PNPM, env: environmentFor(node) }
}

function installTools(wanted) {
  say(`Installing ${wanted.join(' and ')}`)
  const args = ['install', '--prefix', TOOLS, '--save-exact', '--no-audit', '--no-fund', '--loglevel=error', ...wanted]
  if (run('npm', args) === 0 && toolsWork(wanted)) return
  // An interrupted earlier run leaves half a package that npm takes for a whole one.
  rmSync(TOOLS, { recursive: true, force: true })
  if (run('npm', args) === 0 && toolsWork(wanted)) return
  throw new Error('Node 24 and pnpm 12 could not be installed with npm')
}

function toolsWork(wanted) {
  const needsNode = wanted.some((name) => name.startsWith('node@'))
  const needsPnpm = wanted.some((name) => name.startsWith('pnpm@'))
  return (!needsNode || versionOf(OWN_NODE) !== null) && (!needsPnpm || versionOf(OWN_PNPM) !== null)
}

function versionOf(program) {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', cwd: ROOT })
  return status === 0 ? stdout.trim() : null
}

// Every program that a package script starts finds this Node first.
function environmentFor(node) {
  const path = [dirname(node), join(TOOLS, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  return { ...process.env, PATH: path }
}

/** Runs to the end with the terminal's output and returns the exit code; 1 for a program that is not there. */
export function run(program, args, options = {}) {
  return spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], ...options }).status ?? 1
}

/** Takes this process's place as far as Node lets it: the same signals, the same exit code, and an end when we end. */
export function become(program, args, options = {}) {
  const child = spawn(program, args, { cwd: ROOT, stdio: ['inherit', 'inherit', 'inherit', 'ipc'], ...options })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
  return child
}

export function say(text) {
  process.stderr.write(`${text}\n`)
}
