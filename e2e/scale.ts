import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cpuSeconds, cpuSecondsOfTree } from '../bench/cpu.ts'
import { startDirect } from '../bench/targets.ts'
import type { GraphqlClient } from './product/graphql.ts'
import { type Product, startProduct } from './product/process.ts'
import { type Admin, asAdmin, setUp, signIn } from './product/world.ts'
import { type Facts, middleOf, type View, viewsOf } from './scale/questions.ts'
import { type LoopWatch, timeView, watchLoop } from './scale/watch.ts'
import { compare } from './scale/work.ts'

/**
 * The promises for many usage entries: every usage query of the console and every page of Logs within 200 ms, and the
 * p99 of `/work` during them below 1.5 times that without. `--entries 1000000 --days 30 --keys 100` are seeded first, into
 * the database of AIC_DATA_DIR or DATABASE_URL, or a new one that goes at the end; 0: it was seeded before. `--rate` of
 * requests per second; `--rounds 0` leaves `/work` out. Milliseconds hold for a quiet machine, CPU for any.
 */
const options = {
  entries: { type: 'string', default: '1000000' },
  days: { type: 'string', default: '30' },
  keys: { type: 'string', default: '100' },
  runs: { type: 'string', default: '5' },
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '8' },
  rate: { type: 'string', default: '200' },
} as const
const { values } = parseArgs({ options })
const longestMs = 200
/** Who opens the views while requests come. */
const readers = [
  { name: 'somebody in a hurry', pauseMs: 500 },
  { name: 'a program without a pause', pauseMs: 0 },
] as const
const highestRatio = 1.5

const say = (text: string): void => void process.stdout.write(`${text}\n`)
let broken = 0

function check(name: string, holds: boolean, figures: string): void {
  if (!holds) broken += 1
  say(`${holds ? 'ok  ' : 'FAIL'} ${name.padEnd(52)} ${figures}`)
}

const pickEnv = (names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))

async function seed(databaseUrl: string): Promise<void> {
  const program = fileURLToPath(new URL('../scripts/seed-usage.ts', import.meta.url))
  const given = ['entries', 'days', 'keys'] as const
  const args = [program, ...given.flatMap((name) => [`--${name}`, values[name]])]
  const env = { ...process.env, DATABASE_URL: databaseUrl }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error('the entries could not be seeded')
}

const seeded = (name: string) =>
  createHash('md5')
    .update(name)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

/** The key that is used most is the first, and its owner the one with the most requests. */
const factsNow = (): Facts => ({
  now: Date.now(),
  owner: seeded('user0'),
  key: seeded('key0'),
  rareKey: seeded(`key${Number(values.keys) - 1}`),
  provider: seeded('provider0'),
  rareProvider: seeded('provider3'),
})

/** CPU seconds of what answers `/work`, of what answers people, and of the embedded PostgreSQL. */
function cpuOf(product: Product) {
  const pid = product.pid() ?? 0
  const [gateway, control] = [cpuSeconds(pid), cpuSeconds(product.controlPid() ?? 0)]
  return { gateway, control, database: cpuSecondsOfTree(pid) - gateway - control }
}

async function measure(product: Product, admin: Admin, upstream: number): Promise<void> {
  const api = await admin.accessToken(['READ'])
  const held = watchLoop(product.url, api.proof.token ?? '')
  const facts = factsNow()
  const { usageEntries } = await api.query<{ usageEntries: { pageInfo: { endCursor: string } } }>(
    middleOf(facts).document,
    middleOf(facts).variables,
  )
  const views = viewsOf(facts, usageEntries.pageInfo.endCursor)
  for (const view of views) {
    await held()
    const before = cpuOf(product)
    const timings = await timeView(api, view, Number(values.runs))
    const after = cpuOf(product)
    const loop = await held()
    for (const { name, median, worst } of timings)
      check(name, median < longestMs, `median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`)
    // Each question was asked alone and together with the others.
    const each = (who: keyof typeof before) =>
      `${who} ${((1000 * (after[who] - before[who])) / (2 * Number(values.runs))).toFixed(0)} ms`
    say(`     CPU of all once: ${each('gateway')}, ${each('control')}, ${each('database')}`)
    say(`     the event loop was held ${loop.toFixed(0)} ms at most`)
  }
  if (Number(values.rounds) > 0) await compareWork(product, admin, { api, views, held, upstream })
}

type Console = {
  readonly api: GraphqlClient
  readonly views: readonly View[]
  readonly held: LoopWatch
  readonly upstream: number
}

async function compareWork(product: Product, admin: Admin, { api, views, held, upstream }: Console): Promise<void> {
  const name = `Scale ${Date.now()}`
  const provider = await admin.provider({ url: `http://127.0.0.1:${upstream}` }, { name, enabledModels: ['bench'] })
  const { secret } = await admin.key(provider, { name })
  const load = {
    port: product.port,
    path: '/work/chat/completions',
    headers: { authorization: `Bearer ${secret}` },
    bodyBytes: 300,
    stream: null,
    connections: 64,
    seconds: Number(values.seconds),
    rate: Number(values.rate),
  }
  for (const { name: reader, pauseMs } of readers) {
    const { p50, p99, opened } = await compare({ api, views, options: load, rounds: Number(values.rounds), pauseMs })
    const loop = await held()
    const words = ({ without, during }: typeof p99) =>
      `${without.toFixed(2)} ms without, ${during.toFixed(2)} ms during, ratio ${(during / without).toFixed(2)}`
    say(`     ${opened} views were opened by ${reader}; the event loop was held ${loop.toFixed(0)} ms at most`)
    say(`     /work p50, ${reader}`.padEnd(58) + words(p50))
    check(`/work p99, ${reader}`, p99.during < highestRatio * p99.without, words(p99))
  }
}

const database = pickEnv(['AIC_DATA_DIR', 'DATABASE_URL', 'AIC_MASTER_KEY'])
// Bound to one core it would wait for whatever of the product is there.
const direct = await startDirect(null)
const product = await startProduct({ env: { AIC_LOG_LEVEL: 'warn', ...database } })
try {
  const admin = await setUp(product).catch(async () => asAdmin(product, await signIn(product, 'admin')))
  const socketDir = join(database['AIC_DATA_DIR'] ?? product.dataDir, 'run')
  const embedded = `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(socketDir)}`
  if (Number(values.entries) > 0) await seed(database['DATABASE_URL'] ?? embedded)
  await measure(product, admin, direct.port)
} finally {
  await product.stop()
  await direct.stop()
}
say(broken === 0 ? 'everything holds' : `${broken} do not hold`)
process.exitCode = broken === 0 ? 0 : 1
