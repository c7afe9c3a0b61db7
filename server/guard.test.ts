// What importing does shows only in a process of its own: this very Node, without a shell and with an empty environment;
// its script lists modules of this tree and no more.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const find = (...patterns: string[]) =>
  globSync(patterns, { cwd: ROOT, exclude: ['**/node_modules/**', '**/generated/**'] }).toSorted()

const modules = find('server/**/*.ts').filter((path) => !/\.test\.ts$|\/test\//.test(path))
/** They do their work when they are imported: a process each. */
const PROGRAMS = ['server/cli.ts', 'server/control/main.ts', 'server/graphql/print.ts', 'server/main.ts']

test("the README's tree names folders that exist, and every folder of the server", () => {
  const tree = read('README.md').split('## The tree')[1]?.split('\n## ')[0] ?? ''
  const named = [...tree.matchAll(/`([a-z/]+\/)`/g)].map(([, folder = '']) => folder)
  const folders = named.map((folder) => (existsSync(join(ROOT, folder)) ? folder : `server/${folder}`))
  expect(folders.filter((folder) => !existsSync(join(ROOT, folder)))).toEqual([])
  const domains = new Set(modules.map((path) => path.split('/').slice(0, 2).join('/')))
  const missing = [...domains].filter((path) => !path.endsWith('.ts') && !folders.includes(`${path}/`))
  expect(missing).toEqual([])
})

test('every module can be imported without an environment, and leaves nothing running', () => {
  const imported = modules.filter((path) => !PROGRAMS.includes(path)).map((path) => join(ROOT, path))
  const script = `for (const path of ${JSON.stringify(imported)}) await import(path)\nprocess.stdout.write('done')`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: {},
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect({ stdout, stderr, status }).toEqual({ stdout: 'done', stderr: '', status: 0 })
}, 90_000)

/** The modules that `path` loads, itself included, however far away. */
function loadedBy(path: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(path)) return found
  found.add(path)
  const imports = read(path).matchAll(/^(?:import|export) (?!type )[^']*?'(\.[^']+\.ts)'/gm)
  for (const [, to = ''] of imports) loadedBy(join(path, '..', to), found)
  return found
}

test('the process of /work loads nothing that answers people', () => {
  const loaded = [...loadedBy('server/main.ts')]
  expect(loaded).toContain('server/gateway/work.ts')
  expect(loaded.filter((path) => /\/graphql\/|\.graphql\.|governance\/|prisma\/client/.test(path))).toEqual([])
})

test('connections to elsewhere are made in one place', () => {
  const makers =
    /\b(?:new (?:Pool|Agent|Client|Socket|WebSocket|EventSource)\(|https?\.request\(|\b(?:net|tls)\.connect\(|createConnection\(|buildConnector\()/
  const found = modules.filter((path) => makers.test(read(path)))
  // The first goes to a unix socket of our own, whatever is asked for.
  expect(found).toEqual(['server/control/proxy.ts', 'server/lib/outgoing.ts'])
})

test('other programs are started by the embedded database and for the control process, and by nothing else', () => {
  const found = modules.filter((path) => read(path).includes('child_process'))
  expect(found).toEqual([
    'server/control/control-process.ts',
    'server/lib/embedded/leftover.ts',
    'server/lib/embedded/postgres.ts',
  ])
})
