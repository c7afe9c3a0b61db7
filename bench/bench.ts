import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cpuSeconds, cpuSecondsOfTree, largestResidentMiB } from './cpu.ts'
import type { LoadOptions, LoadResult } from './load.ts'
import { writeReport } from './report.ts'
import { type Round, type Scenario, scenarios } from './rounds.ts'
import { spawnPinned, startDirect, startNginx, startOurs, startPortkey, type Target } from './targets.ts'

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

/** One target under one load: first as much as goes through, for the CPU; then at a fixed rate, for the delay. */
async function runRound(target: Target, scenario: Scenario, seconds: number): Promise<Round> {
  const { pid } = target
  const own = pid === null ? 0 : cpuSeconds(pid)
  const tree = pid === null ? 0 : cpuSecondsOfTree(pid)
  const full = await load(optionsOf(target, scenario, { rate: 0, connections: scenario.connections, seconds }))
  // What a process does after its answers, such as writing its journal to the database, belongs to them.
  await wait(700)
  const ownCpu = pid === null ? 0 : cpuSeconds(pid) - own
  const treeCpu = pid === null ? 0 : cpuSecondsOfTree(pid) - tree
  const paced = await load(optionsOf(target, scenario, { rate: scenario.rate, connections: 64, seconds }))
  const memoryMiB = pid === null ? 0 : largestResidentMiB(pid)
  return { target: target.name, scenario: scenario.name, full, paced, ownCpu, treeCpu, memoryMiB }
}

function describeRound(round: Round): string {
  const { full, paced } = round
  const failures = full.failures + paced.failures
  const perSecond = (full.requests / full.seconds).toFixed(0)
  const perCpu = round.treeCpu > 0 ? (full.requests / round.treeCpu).toFixed(0) : '-'
  const reason = failures > 0 ? `, ${failures} FAILED: ${full.firstFailure || paced.firstFailure}` : ''
  const delay = `p50 ${paced.ttfbP50?.toFixed(2)} ms, p99 ${paced.ttfbP99?.toFixed(2)} ms`
  return `${round.scenario.padEnd(8)} ${round.target.padEnd(8)} ${perSecond}/s, ${perCpu} per CPU second, ${delay}${reason}\n`
}

const starters = { nginx: startNginx, ours: startOurs, portkey: startPortkey }

async function startTargets(names: readonly string[]): Promise<readonly Target[]> {
  const direct = await startDirect()
  const started: Target[] = [direct]
  for (const [name, start] of Object.entries(starters)) {
    const target = names.includes(name) ? await start(direct.port) : null
    if (target !== null) started.push(target)
  }
  return started
}

async function main(): Promise<void> {
  const options = {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    targets: { type: 'string', default: Object.keys(starters).join() },
    'no-write': { type: 'boolean', default: false },
  } as const
  const { values } = parseArgs({ options })
  const targets = await startTargets(values.targets.split(','))
  const rounds: Round[] = []
  try {
    for (const target of targets) for (const scenario of scenarios) await runRound(target, scenario, 1)
    for (let round = 0; round < Number(values.rounds); round += 1) {
      // Interleaved: whatever else the machine does in a minute falls on all of them.
      for (const scenario of scenarios) {
        for (const target of targets) {
          const result = await runRound(target, scenario, Number(values.seconds))
          rounds.push(result)
          process.stdout.write(describeRound(result))
        }
      }
    }
  } finally {
    for (const target of [...targets].reverse()) await target.stop()
  }
  process.stdout.write(`\n${await writeReport(rounds, Number(values.seconds), !values['no-write'])}`)
}

await main()
