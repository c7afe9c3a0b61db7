import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePort } from '../e2e/product/process.ts'
import { cpuSeconds, cpuSecondsOfTree, watchMemory } from './cpu.ts'
import type { LoadOptions, LoadResult } from './load.ts'
import { costBySteps, profileWhile } from './profile.ts'
import { describeProfile, writeProfile, writeReport } from './report.ts'
import { type Round, type Scenario, scenarios } from './rounds.ts'
import {
  spawnPinned,
  startBare,
  startDirect,
  startNginx,
  startOurs,
  startPortkey,
  startProfiled,
  type Target,
} from './targets.ts'

const loadProgram = fileURLToPath(new URL('load.ts', import.meta.url))

async function load(options: LoadOptions): Promise<LoadResult> {
  const child = spawnPinned(1, [process.execPath, loadProgram, JSON.stringify(options)])
  let text = ''
  child.stdout?.on('data', (bytes: Buffer) => {
    text += bytes.toString('utf8')
  })
  await once(child, 'close')
  return JSON.parse(text) as LoadResult
}

type Shape = { readonly rate: number; readonly connections: number; readonly seconds: number }

function optionsOf(target: Target, scenario: Scenario, shape: Shape): LoadOptions {
  const { bodyBytes, stream } = scenario
  return { port: target.port, path: target.path, headers: target.headers, bodyBytes, stream, ...shape }
}

/**
 * One target under one load: first at a fixed rate, for the delay; then as much as goes through, for the CPU. The other
 * way round, what a full load leaves to be tidied up would count as delay of a moderate one.
 */
async function runRound(target: Target, scenario: Scenario, seconds: number): Promise<Round> {
  const { pid } = target
  const { rate } = scenario
  const paced = rate === null ? null : await load(optionsOf(target, scenario, { rate, connections: 64, seconds }))
  const own = pid === null ? 0 : cpuSeconds(pid)
  const tree = pid === null ? 0 : cpuSecondsOfTree(pid)
  const memory = pid === null ? () => 0 : watchMemory(pid)
  const full = await load(optionsOf(target, scenario, { rate: 0, connections: scenario.connections, seconds }))
  // What a process does after its answers, such as writing its journal to the database, belongs to them.
  await wait(1500)
  const ownCpu = pid === null ? 0 : cpuSeconds(pid) - own
  const treeCpu = pid === null ? 0 : cpuSecondsOfTree(pid) - tree
  const memoryMiB = memory()
  return { target: target.name, scenario: scenario.name, full, paced, ownCpu, treeCpu, memoryMiB }
}

function describeRound(round: Round): string {
  const { full, paced } = round
  const failures = full.failures + (paced?.failures ?? 0)
  const perSecond = (full.requests / full.seconds).toFixed(0)
  const perCpu = round.treeCpu > 0 ? (full.requests / round.treeCpu).toFixed(0) : '-'
  const reason = failures > 0 ? `, ${failures} FAILED: ${full.firstFailure || paced?.firstFailure}` : ''
  const delay = paced ? `p50 ${paced.ttfbP50?.toFixed(2)} ms, p99 ${paced.ttfbP99?.toFixed(2)} ms` : 'no delay measured'
  return `${round.scenario.padEnd(12)} ${round.target.padEnd(8)} ${perSecond}/s, ${perCpu} per CPU second, ${delay}${reason}\n`
}

const starters = { nginx: startNginx, ours: startOurs, bare: startBare, portkey: startPortkey }

async function startTargets(names: readonly string[]): Promise<readonly Target[]> {
  const direct = await startDirect()
  const started: Target[] = [direct]
  for (const [name, start] of Object.entries(starters)) {
    const target = names.includes(name) ? await start(direct.port) : null
    if (target !== null) started.push(target)
  }
  return started
}

type Settings = {
  readonly rounds: number
  readonly seconds: number
  readonly targets: readonly string[]
  readonly scenarios: readonly Scenario[]
  readonly write: boolean
}

async function compare({ rounds: times, seconds, targets: names, scenarios: loads, write }: Settings): Promise<void> {
  const targets = await startTargets(names)
  const rounds: Round[] = []
  try {
    // Until V8 has compiled what a load runs: in its first second one request takes four times as much.
    for (const target of targets) for (const scenario of loads) await runRound(target, scenario, WARM_UP_SECONDS / 2)
    for (let round = 0; round < times; round += 1) {
      // Interleaved: whatever else the machine does in a minute falls on all of them.
      for (const scenario of loads) {
        for (const target of targets) {
          const result = await runRound(target, scenario, seconds)
          rounds.push(result)
          process.stdout.write(describeRound(result))
        }
      }
    }
  } finally {
    for (const target of [...targets].reverse()) await target.stop()
  }
  process.stdout.write(`\n${await writeReport(rounds, seconds, write)}`)
}

const WARM_UP_SECONDS = 8

/** Where the product spends its time under each load. */
async function explain({ seconds, scenarios: loads, write }: Settings): Promise<void> {
  const inspectorPort = await freePort()
  const direct = await startDirect()
  const ours = await startProfiled(direct.port, inspectorPort)
  const parts: string[] = []
  try {
    for (const scenario of loads) {
      const { connections } = scenario
      const run = (length: number) => load(optionsOf(ours, scenario, { rate: 0, connections, seconds: length }))
      await run(WARM_UP_SECONDS)
      const before = cpuSeconds(ours.pid ?? 0)
      const { result, profile } = await profileWhile(inspectorPort, () => run(seconds))
      const cpuUs = ((cpuSeconds(ours.pid ?? 0) - before) / result.requests) * 1e6
      parts.push(describeProfile(scenario, cpuUs, costBySteps(profile)))
    }
  } finally {
    await ours.stop()
    await direct.stop()
  }
  process.stdout.write(`\n${await writeProfile(parts, write)}`)
}

async function main(): Promise<void> {
  const options = {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    targets: { type: 'string', default: Object.keys(starters).join() },
    loads: { type: 'string', default: scenarios.map(({ name }) => name).join() },
    profile: { type: 'boolean', default: false },
    'no-write': { type: 'boolean', default: false },
  } as const
  const { values } = parseArgs({ options })
  const chosen = values.loads.split(',')
  const settings = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    targets: values.targets.split(','),
    scenarios: scenarios.filter(({ name }) => chosen.includes(name)),
    write: !values['no-write'],
  }
  await (values.profile ? explain(settings) : compare(settings))
}

await main()
