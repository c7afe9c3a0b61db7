import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { cpuSeconds } from '../bench/cpu.ts'
import { freePort } from './product/process.ts'
import { openWorld, type World } from './product.ts'
import { type Aim, callFor, lost, newTally, type Tally } from './soak/callers.ts'
import { type Holdings, type Inspector, openInspector } from './soak/inspector.ts'
import { type Kind, kinds } from './soak/kinds.ts'

/**
 * Minutes of half load with connection churn and a provider that fails in every way; then everything the process held
 * must be given back and every request must have its usage entry. `--minutes 10 --rate 0` (requests per second; 0: half load).
 */
const options = { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '0' } } as const
const { values } = parseArgs({ options })

const slots = 2000
const say = (text: string): void => void process.stdout.write(`${text}\n`)
let broken = 0

function check(name: string, holds: boolean, figures: string): void {
  if (!holds) broken += 1
  say(`${holds ? 'ok  ' : 'FAIL'} ${name.padEnd(36)} ${figures}`)
}

/** How much more than at the beginning is no leak. Resident memory is the allocator's own: shown, not judged. */
const tolerance: Readonly<Record<keyof Holdings, (before: number) => number>> = {
  heapMb: (before) => before * 1.15 + 4,
  residentMb: () => Number.POSITIVE_INFINITY,
  descriptors: (before) => before + 16,
  sockets: (before) => before + 14,
  resources: (before) => before + 16,
}

const names = ['heapMb', 'descriptors', 'sockets', 'resources', 'residentMb'] as const
const returned = (before: Holdings, after: Holdings) =>
  names.every((name) => after[name] <= tolerance[name](before[name]))

/** Kept connections live for up to a minute: the last look is the one that counts. */
async function settle(inspector: Inspector, pid: number, before: Holdings): Promise<Holdings> {
  const begun = performance.now()
  let after = await inspector.holdings(pid)
  while (!returned(before, after) && performance.now() - begun < 90_000) {
    await wait(5000)
    after = await inspector.holdings(pid)
  }
  say(`settled after ${Math.round((performance.now() - begun) / 1000)} s`)
  return after
}

const countDocument = `query Count($filter: UsageEntryFilter) { usageEntries(first: 1, filter: $filter) { totalCount } }`

async function countEntries(world: World, filter: object): Promise<number> {
  const answer = await world.admin.api.query<{ usageEntries: { totalCount: number } }>(countDocument, { filter })
  return answer.usageEntries.totalCount
}

const lostOf = (tally: Tally, model: string) => tally.seen.get(`${model} ${lost}`) ?? 0

async function checkKind(world: World, tally: Tally, from: string, { model, ends }: Kind): Promise<void> {
  const sent = (tally.sent.get(model) ?? 0) - lostOf(tally, model)
  const all = await countEntries(world, { model, from })
  const right = await countEntries(world, { model, from, end: ends })
  const seen = [...tally.seen].filter(([name]) => name.startsWith(`${model} `))
  const words = seen.map(([name, count]) => `${name.slice(model.length + 1)} × ${count}`).join(', ')
  check(
    model,
    all === sent && right === sent,
    `sent ${sent}, entries ${all}, ${ends.join('/')} ${right}; seen: ${words}`,
  )
}

async function checkEntries(world: World, tally: Tally, from: string): Promise<void> {
  const lostOnes = kinds.reduce((sum, { model }) => sum + lostOf(tally, model), 0)
  const sent = [...tally.sent.values()].reduce((sum, count) => sum + count, 0) - lostOnes
  check(`requests ${lost}`, lostOnes === 0, String(lostOnes))
  for (let tries = 0; tries < 30 && (await countEntries(world, { from })) < sent; tries += 1) await wait(500)
  const all = await countEntries(world, { from })
  check('entries = requests sent', all === sent, `${all} = ${sent}, besides ${tally.churned} connections without any`)
  for (const kind of kinds) await checkKind(world, tally, from, kind)
}

/** Fills a provider to its bound: a slot that was never given back would refuse one of these. */
async function checkSlots(world: World, secretOf: Aim): Promise<void> {
  const leave = new AbortController()
  const body = { model: 'fake-slots', stream: true, messages: [], metadata: { fake: 'endless delay=1000' } }
  const init = {
    method: 'POST',
    headers: { authorization: `Bearer ${secretOf.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: leave.signal,
  }
  const ask = () => fetch(`${world.product.url}/work`, init)
  // The last answers of the load were those that never came: the breaker may let one through to find out, and no more.
  const plain = JSON.stringify({ model: 'fake-slots', messages: [] })
  await fetch(`${world.product.url}/work`, { ...init, body: plain }).then((answer) => answer.text())
  // The answers stay referenced until the end: fetch cancels one that nobody can read any more.
  const answers = await Promise.all(Array.from({ length: slots }, ask))
  const { status: more } = await ask()
  const admitted = answers.filter(({ status }) => status === 200).length
  leave.abort()
  check('slots of the provider', admitted === slots && more === 503, `${admitted} of ${slots}, one more: ${more}`)
}

/** The rate at which the busiest of the two processes, the product or that of the callers and the provider, has half a core. */
async function halfLoad(aim: Aim, pid: number): Promise<number> {
  // What is compiled while it runs is slow at first, and would make half load look like little.
  await callFor(aim, newTally(), 100, 8000)
  const before = [cpuSeconds(pid), cpuSeconds(process.pid)]
  const tally = newTally()
  await callFor(aim, tally, 100, 8000)
  const used = [cpuSeconds(pid), cpuSeconds(process.pid)].map((seconds, place) => seconds - (before[place] ?? 0))
  const sent = [...tally.sent.values()].reduce((sum, count) => sum + count, 0)
  return (0.5 * sent) / Math.max(...used)
}

async function soak(world: World, inspector: Inspector, pid: number): Promise<void> {
  // Longer than a busy machine makes a provider that works wait.
  const timeouts = { firstByteTimeoutMs: 10_000, idleTimeoutMs: 10_000, maxConcurrency: slots }
  const key = await world.admin.key(await world.admin.provider(world.fake, timeouts))
  const aim: Aim = { port: world.product.port, secret: key.secret }
  const cold = await inspector.holdings(pid)
  const rate = Number(values.rate) || (await halfLoad(aim, pid))
  await callFor(aim, newTally(), rate, 5000)
  await wait(3000)
  // Connections are counted against a process that has served nothing, the heap against one that is warm.
  const before = { ...cold, heapMb: (await inspector.holdings(pid)).heapMb }
  const from = new Date().toISOString()
  const tally = newTally()
  say(`${values.minutes} minutes at ${Math.round(rate)} requests per second`)
  const cpu = cpuSeconds(pid)
  await callFor(aim, tally, rate, Number(values.minutes) * 60_000)
  const used = (cpuSeconds(pid) - cpu) / (Number(values.minutes) * 60)
  say(`the product used ${Math.round(used * 100)} % of one core`)
  await wait(500)
  const { open } = world.fake.ledger.counts()
  check('open at the provider', open === 0, `${open} half a second after the last caller was done or gone`)
  await checkEntries(world, tally, from)
  const after = await settle(inspector, pid, before)
  for (const name of names) {
    const bound = tolerance[name](before[name])
    const figures = `${before[name].toFixed(1)} → ${after[name].toFixed(1)} (at most ${bound.toFixed(1)})`
    check(name, after[name] <= bound, figures)
  }
  await checkSlots(world, aim)
}

const inspectorPort = await freePort()
const world = await openWorld({
  env: { AIC_LOG_LEVEL: 'warn', NODE_OPTIONS: `--inspect=127.0.0.1:${inspectorPort}` },
})
try {
  const pid = world.product.pid()
  if (pid === undefined) throw new Error('the product does not run')
  const inspector = await openInspector(inspectorPort)
  await soak(world, inspector, pid)
  inspector.close()
} finally {
  await world.close()
}
say(broken === 0 ? 'everything holds' : `${broken} do not hold`)
process.exitCode = broken === 0 ? 0 : 1
